/**
 * One request before all others: with a missing gateway or an unknown key, every case would fail without
 * showing the cause.
 */
import { quotable } from '../gateway/redact/safe-text.ts'
import { exchange, type Place, type Reply } from './exchange.ts'
import { readReply } from './reading.ts'
import type { RequestMaker } from './request-maker.ts'

export interface PreflightOptions {
  readonly place: Place
  readonly make: RequestMaker
  readonly from: 'inside' | 'outside'
  readonly keyName: string
  readonly timeoutMs: number
  /** Unix milliseconds. */
  readonly nowMs: () => number
}

/** @returns the reason why nothing can be tested, or undefined. */
export async function preflight(options: PreflightOptions): Promise<string | undefined> {
  const first = await ask(options)
  const waitMs = putOffMs(first)
  if (waitMs === undefined) return problemOf(first, options)
  // A gateway that has just started refuses signatures from before its start.
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  return problemOf(await ask(options), options)
}

function ask({ place, make, timeoutMs }: PreflightOptions): Promise<Reply> {
  return exchange(place, make.request(), timeoutMs)
}

const LONGEST_WAIT_SECONDS = 5

function putOffMs(reply: Reply): number | undefined {
  if (reply.kind !== 'answer' || readReply(reply, 'POST').is !== 'undecided') return undefined
  const seconds = Number(reply.answer.fields.get('retry-after') ?? 1)
  const wanted = Number.isFinite(seconds) ? Math.max(0, seconds) : 1
  return Math.min(wanted, LONGEST_WAIT_SECONDS) * 1000
}

function problemOf(reply: Reply, options: PreflightOptions): string | undefined {
  const { host, port, tls } = options.place
  const at = `${host}:${String(port)}`
  if (reply.kind === 'unreachable') return whyUnreachable(reply.code, at)
  if (reply.kind === 'silence') {
    if (reply.why === 'endless')
      return `${at} sent no final response to a signed function call, only interim ones (1xx)`
    const usual = tls === undefined ? 'it may speak TLS (https), or' : 'it may'
    return `${at} accepted the connection and did not respond: ${usual} require a PROXY protocol header, or a client certificate`
  }
  const reading = readReply(reply, 'POST')
  const { status, fields } = reply.answer
  switch (reading.is) {
    case 'refused':
      return whyRefused(status, fields, options)
    case 'stranger': {
      const location = fields.get('location')
      const hint =
        location === undefined
          ? 'check that the URL is the gateway with the path of its route'
          : `redirected to ${JSON.stringify(quotable(location))}; requests are sent only to --url`
      return `signed function call: ${reading.text}: ${hint}`
    }
    case 'undecided':
      return `signed function call: ${reading.text}: try again when the gateway is ready`
    case 'admitted':
    case 'failed':
    case 'unanswered':
      return undefined
  }
}

function whyRefused(
  status: number,
  fields: ReadonlyMap<string, string>,
  { make, from, keyName, nowMs }: PreflightOptions,
): string | undefined {
  const refused = `the gateway refused a signed function call with ${String(status)}`
  if (status === 404) return `${refused}: no route has this host and path`
  if (from === 'outside') return undefined
  if (status === 403) {
    return `${refused}: the address of this machine is not in its allowlist, or a proxy in front sends no client address. Run this from an allowed address, or add --expect-outside to test from an address that must be refused. If the route has \`apps\`, give one of them as --app`
  }
  if (status !== 401) return `${refused}: search the log of the gateway for the request id`
  const ahead = Math.round((nowMs() - Date.parse(fields.get('date') ?? '')) / 1000)
  const { maxAgeSeconds, clockToleranceSeconds } = make.options
  return -ahead > maxAgeSeconds || ahead > clockToleranceSeconds
    ? `${refused}: the clock of this machine is ${String(Math.abs(ahead))} s ${ahead > 0 ? 'ahead of' : 'behind'} the clock of the gateway`
    : `${refused}: the key in ${keyName} is not a signing key of the route`
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/

function whyUnreachable(code: string, at: string): string {
  const cannot = `cannot reach ${at} (${code})`
  if (code === 'ECONNREFUSED') return `${cannot}: nothing listens there`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${cannot}: the name is not known here`
  if (CERTIFICATE.test(code)) {
    return `${cannot}: its certificate is not trusted here; set NODE_EXTRA_CA_CERTS to a file with your CA certificates`
  }
  if (/SSL|EPROTO/.test(code)) return `${cannot}: the TLS handshake failed; try http://`
  return cannot
}
