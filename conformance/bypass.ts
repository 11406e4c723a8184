/**
 * Whether an app can be reached around the gateway from this machine. The request is a call of a function that
 * no app has (request-maker.ts), so it has no effect on any receiver.
 */
import { withoutBrackets } from '../gateway/ip/authority.ts'
import type { SigningKey } from '../gateway/inngest/signing-key.ts'
import { judgeUnanswered, callApp } from './app-address.ts'
import type { Answer } from './answer.ts'
import { exchange, type Reply } from './exchange.ts'
import { placeOf } from './plan.ts'
import { readAnswer, readReply, type Reading } from './reading.ts'
import { randomKey, RequestMaker } from './request-maker.ts'

export type Reachability = 'yes' | 'no' | 'cannot tell'

export interface BypassFinding {
  readonly reachable: Reachability
  /** The result as text. */
  readonly detail: string
}

export interface BypassPlan {
  readonly gateway: URL
  /** Undefined if no key is available here: then nothing shows that the app is up. */
  readonly key: SigningKey | undefined
  readonly timeoutMs: number
}

export interface GatewayFinding {
  /** Why looking for its app would tell nothing. */
  readonly problem: string | undefined
  /** What came back if the signed call did not reach the app, so that nothing shows that the app is up. */
  readonly refusal: string | undefined
}

/**
 * An unreachable app may be down, or this machine may have no network. So the gateway is called first.
 */
export async function callGateway(plan: BypassPlan): Promise<GatewayFinding> {
  const unsigned = readReply(await callOnce(plan, []), 'POST')
  const problem = unsignedProblem(unsigned)
  if (problem !== undefined || plan.key === undefined) return { problem, refusal: undefined }
  const signed = readReply(await callOnce(plan), 'POST')
  if (signed.is === 'failed') {
    return { problem: `${APP_DOWN} (${String(signed.status)})`, refusal: undefined }
  }
  return { problem: undefined, refusal: signed.is === 'admitted' ? undefined : signed.text }
}

function unsignedProblem(reading: Reading): string | undefined {
  if (reading.is === 'admitted') {
    return `--gateway is no gateway, or does not enforce signatures: ${reading.text} to an unsigned call`
  }
  if (reading.is === 'stranger' || reading.is === 'unanswered') return `--gateway: ${reading.text}`
  if (reading.is === 'failed') return `${APP_DOWN} (${String(reading.status)})`
  return reading.is === 'refused' && reading.status === 404 ? NO_ROUTE : undefined
}

const NO_ROUTE = '--gateway: no route of the gateway has this host and path (404)'

const APP_DOWN = 'the app does not respond to the gateway, so it may be down'

function callOnce(
  { gateway, key = randomKey(), timeoutMs }: BypassPlan,
  signatures?: readonly string[],
): Promise<Reply> {
  const request = makerOf(gateway, key).request(signatures === undefined ? {} : { signatures })
  return exchange(placeOf(gateway), request, timeoutMs)
}

export async function callAround(app: URL, timeoutMs: number): Promise<BypassFinding> {
  const make = makerOf(app, randomKey())
  const { port, tls } = placeOf(app)
  const host = withoutBrackets(app.hostname)
  // The certificate is not verified: only the gateway may respond, with any certificate.
  const reply =
    tls === undefined
      ? await callApp({ host, port }, make, timeoutMs)
      : await exchange(
          { host, port, tls: { isVerified: false } },
          make.request({ signatures: [] }),
          timeoutMs,
        )
  if (reply.kind === 'answer') return judgeAnswer(reply.answer)
  const { outcome, detail } = judgeUnanswered(reply)
  return { reachable: BY_OUTCOME[outcome], detail }
}

const BY_OUTCOME = { passed: 'no', failed: 'yes', 'not tested': 'cannot tell' } as const

/** Statuses that a proxy or a firewall in front sends by itself. */
const BY_INTERMEDIARIES = new Set([403, 407, 421, 429, 502, 503, 504])

function judgeAnswer(answer: Answer): BypassFinding {
  const { is, text } = readAnswer(answer, 'POST')
  if (is === 'refused' || is === 'undecided' || is === 'failed') {
    return { reachable: 'no', detail: `leads to the gateway itself: ${text}` }
  }
  const { status } = answer
  if (is !== 'stranger') return { reachable: 'yes', detail: text }
  if (status >= 300 && status < 400) {
    return { reachable: 'cannot tell', detail: `${text}: give the URL that it redirects to` }
  }
  return BY_INTERMEDIARIES.has(status)
    ? { reachable: 'cannot tell', detail: `${text}, which may be in front of the app` }
    : { reachable: 'yes', detail: text }
}

/** A single app that can be reached makes the whole result a failure. */
export function overall(findings: readonly BypassFinding[]): Reachability {
  const has = (each: Reachability) => findings.some(({ reachable }) => reachable === each)
  if (has('yes')) return 'yes'
  return has('cannot tell') ? 'cannot tell' : 'no'
}

function makerOf(url: URL, key: SigningKey): RequestMaker {
  return new RequestMaker({
    url,
    key,
    // Needed for requests with other ages and spellings, which are not sent here.
    maxAgeSeconds: 0,
    clockToleranceSeconds: 0,
    allowedAddress: '',
    restrictedPaths: [],
    durableUrl: undefined,
    app: undefined,
    nowSeconds: () => Math.floor(Date.now() / 1000),
  })
}
