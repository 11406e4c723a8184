/** Runs cases one after the other, within a total time that no case and no slow response can exceed. */
import { formatHostPort } from '../gateway/ip/authority.ts'
import { tryAppAddress, type AppAddress } from './app-address.ts'
import {
  describeExpectation,
  optIns,
  type Judgement,
  type OptIn,
  type RequestCase,
  type Result,
} from './case.ts'
import { bypassCase, bypassExpectation } from './cases.ts'
import { exchange, type Place } from './exchange.ts'
import { judge, type Labelled } from './judge.ts'
import { readReply } from './reading.ts'
import type { RequestMaker, Wire } from './request-maker.ts'

export interface Sending {
  readonly place: Place
  readonly make: RequestMaker
  readonly from: RequestCase['from']
  readonly optedIn: ReadonlySet<OptIn>
  /** For one response. */
  readonly timeoutMs: number
  /** The rest of the total time, in milliseconds. */
  readonly leftMs: () => number
}

export async function runCase(each: RequestCase, sending: Sending): Promise<Result> {
  if (each.from !== sending.from) return notSent(each, elsewhere(each))
  const { optIn } = each
  if (optIn !== undefined && !sending.optedIn.has(optIn)) return notSent(each, optIns[optIn])
  if (sending.leftMs() <= 0) return notSent(each, TIME_UP)
  const wires = each.requests(sending.make)
  const { outcome, detail } = judge(each.expects, await sendAll(wires, each, sending))
  const isQualified = outcome === 'passed' && each.caveat !== undefined
  return {
    ...textOf(each),
    outcome,
    detail: isQualified ? `${detail}, ${each.caveat}` : detail,
    requestIds: wires.map(({ requestId }) => requestId),
  }
}

/** @param why the case was not sent. */
export function notSent(each: RequestCase, why: string): Result {
  return { ...textOf(each), outcome: 'not tested', detail: why, requestIds: [] }
}

function textOf({ name, group, sends, failure, expects }: RequestCase) {
  return { name, group, sends, failure, expected: describeExpectation(expects) }
}

async function sendAll(
  wires: readonly Wire[],
  { expects }: RequestCase,
  sending: Sending,
): Promise<Labelled[]> {
  const send = (wire: Wire) => sendOne(wire, sending)
  if (expects.kind === 'once') return Promise.all(wires.map(send))
  const readings: Labelled[] = []
  for (const wire of wires) readings.push(await send(wire))
  return readings
}

async function sendOne(wire: Wire, { place, timeoutMs, leftMs }: Sending): Promise<Labelled> {
  const reply = await exchange(place, wire, Math.max(1, Math.min(timeoutMs, leftMs())))
  return { label: wire.label, ...readReply(reply, wire.method) }
}

/** One result for each address, because each has to be closed separately. */
export async function runBypass(
  addresses: readonly AppAddress[],
  { make, timeoutMs, leftMs }: Sending,
): Promise<Result[]> {
  const base = { ...bypassCase, expected: bypassExpectation, requestIds: [] }
  const results: Result[] = []
  for (const address of addresses) {
    const judgement: Judgement =
      leftMs() <= 0
        ? { outcome: 'not tested', detail: TIME_UP }
        : await tryAppAddress(address, make, Math.min(timeoutMs, leftMs()))
    results.push({ ...base, sends: `${base.sends}, ${formatHostPort(address)}`, ...judgement })
  }
  if (results.length > 0) return results
  const detail = 'give the address of the app as --app-address (repeatable)'
  return [{ ...base, outcome: 'not tested', detail }]
}

function elsewhere({ from }: RequestCase): string {
  return from === 'outside'
    ? 'not testable from an allowed address; run this from another address with --expect-outside'
    : 'not testable from outside; run this from an allowed address without --expect-outside'
}

const TIME_UP = 'time limit for all cases reached'
