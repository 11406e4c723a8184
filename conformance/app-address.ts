/**
 * Whether the app can be reached around the gateway, first in plain HTTP and then over TLS without verification
 * of the certificate: only the gateway may get a response, from any server at this address.
 */
import type { Judgement } from './case.ts'
import { exchange, type Place, type Reply, type Silence } from './exchange.ts'
import { readReply } from './reading.ts'
import type { RequestMaker } from './request-maker.ts'

export interface AppAddress {
  readonly host: string
  readonly port: number
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/@\s]+)):(\d{1,5})$/

/** @returns undefined if it is not `host:port`. */
export function parseAppAddress(text: string): AppAddress | undefined {
  const match = ADDRESS.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port >= 1 && port <= 65535 ? { host, port } : undefined
}

/** The results of a firewall: no route, or no response. */
const KEPT_OUT = new Set(['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET'])

/** The results of plain bytes at a server that requires TLS. */
const MAY_WANT_TLS: ReadonlySet<Silence> = new Set(['closed', 'unreadable'])

export async function tryAppAddress(
  address: AppAddress,
  make: RequestMaker,
  timeoutMs: number,
): Promise<Judgement> {
  const reply = await callApp(address, make, timeoutMs)
  return reply.kind === 'unreachable' ? judgeUnreachable(reply.code) : judgeReply(reply)
}

/** Sends an unsigned call of a function that no app has. */
export async function callApp(
  address: AppAddress,
  make: RequestMaker,
  timeoutMs: number,
): Promise<Reply> {
  const ask = (tls: Place['tls']) =>
    exchange({ ...address, tls }, make.request({ signatures: [] }), timeoutMs)
  const plain = await ask(undefined)
  if (plain.kind !== 'silence' || !MAY_WANT_TLS.has(plain.why)) return plain
  const encrypted = await ask({ isVerified: false })
  return encrypted.kind === 'answer' ? encrypted : plain
}

/** The judgement of an app that did not respond. */
export function judgeUnanswered(reply: Exclude<Reply, { kind: 'answer' }>): Judgement {
  return reply.kind === 'unreachable' ? judgeUnreachable(reply.code) : SILENCES[reply.why]
}

function judgeUnreachable(code: string): Judgement {
  return KEPT_OUT.has(code)
    ? { outcome: 'passed', detail: `not reachable from here (${code})` }
    : { outcome: 'not tested', detail: `not connected (${code}): check the address` }
}

function judgeReply(reply: Exclude<Reply, { kind: 'unreachable' }>): Judgement {
  if (reply.kind === 'silence') return SILENCES[reply.why]
  const reading = readReply(reply, 'POST')
  const isGateway = reading.is === 'refused' || reading.is === 'undecided'
  return isGateway
    ? { outcome: 'passed', detail: `the gateway itself: ${reading.text}` }
    : { outcome: 'failed', detail: reading.text }
}

const SILENCES: Readonly<Record<Silence, Judgement>> = {
  closed: { outcome: 'passed', detail: 'accepts a connection, but closes it after the request' },
  time: { outcome: 'not tested', detail: 'accepts a connection, but does not respond in time' },
  endless: { outcome: 'failed', detail: 'sends interim responses (1xx) and never a final one' },
  unreadable: { outcome: 'failed', detail: 'responds with something that is not HTTP/1.1' },
}
