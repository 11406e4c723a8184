/** Runs cases one after the other, within a time that no case and no slow answer can exceed. */
import { tryAppAddress, type AppAddress } from './app-address.ts'
import type { Judgement, RequestCase, Result } from './case.ts'
import { bypassCase } from './cases.ts'
import { exchange, type Place } from './exchange.ts'
import { judge, type Labelled } from './judge.ts'
import { readReply } from './reading.ts'
import type { RequestMaker, Wire } from './request-maker.ts'

export interface Sending {
  readonly place: Place
  readonly make: RequestMaker
  readonly from: RequestCase['from']
  /** For one answer. */
  readonly timeoutMs: number
  /** What is left for all of it, in milliseconds. */
  readonly leftMs: () => number
}

export async function runCase(each: RequestCase, sending: Sending): Promise<Result> {
  const { name, group, sends, failure } = each
  const text = { name, group, sends, failure }
  if (each.from !== sending.from) return { ...text, ...elsewhere(each), requestIds: [] }
  if (sending.leftMs() <= 0) return { ...text, ...timeUp, requestIds: [] }
  const wires = each.requests(sending.make)
  const readings = await sendAll(wires, each, sending)
  const judgement = judge(each.expects, readings)
  const isQualified = judgement.outcome === 'passed' && each.caveat !== undefined
  const detail = isQualified ? `${judgement.detail}, ${each.caveat}` : judgement.detail
  return { ...text, ...judgement, detail, requestIds: wires.map(({ requestId }) => requestId) }
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

/** One result for each address, since each has to be closed by itself. */
export async function runBypass(
  addresses: readonly AppAddress[],
  { make, timeoutMs, leftMs }: Sending,
): Promise<Result[]> {
  const results: Result[] = []
  for (const address of addresses) {
    const { host, port } = address
    const judgement =
      leftMs() <= 0 ? timeUp : await tryAppAddress(address, make, Math.min(timeoutMs, leftMs()))
    const name = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
    results.push({
      ...bypassCase,
      sends: `${bypassCase.sends}, ${name}`,
      ...judgement,
      requestIds: [],
    })
  }
  if (results.length > 0) return results
  const detail = 'say where the app listens by --app-address, as often as needed'
  return [{ ...bypassCase, outcome: 'not tested', detail, requestIds: [] }]
}

function elsewhere({ from }: RequestCase): Judgement {
  const detail =
    from === 'outside'
      ? 'the gateway lets this address in; run this from another, with --expect-outside'
      : 'no address that is kept out gets so far; run this from an allowed one, without --expect-outside'
  return { outcome: 'not tested', detail }
}

const timeUp: Judgement = { outcome: 'not tested', detail: 'the time for all cases was up' }
