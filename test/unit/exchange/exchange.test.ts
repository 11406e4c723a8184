/** One request's facts: owned by its exchange, and read from there for its record. */
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { GatewayFault } from '../../../gateway/admit/faults.ts'
import { Body } from '../../../gateway/inngest/body.ts'
import { Capacity } from '../../../gateway/exchange/capacity.ts'
import { Exchange } from '../../../gateway/exchange/exchange.ts'
import type { RequestRecord } from '../../../gateway/record/request-record.ts'
import { headOf } from '../../support/head.ts'

function start() {
  const time = { wallMs: 1_800_000_000_000, monotonicMs: 100 }
  const clock = { nowMs: () => time.wallMs, monotonicMs: () => time.monotonicMs }
  const capacity = new Capacity(() => ({ maxRequestsInFlight: 1, maxBufferedBytes: 1024 }))
  const client = { request: undefined, response: undefined }
  const exchange = new Exchange(headOf(), client, capacity, clock)
  const added: RequestRecord[] = []
  const end = () => {
    exchange.end({ add: (entry) => added.push(entry) })
    return added
  }
  return { exchange, capacity, time, end }
}

describe('an exchange that ends', () => {
  it('is its own record', () => {
    const { exchange, time, end } = start()
    exchange.facts.bodyBytes = 3
    exchange.upstreamCalled()
    time.monotonicMs += 40
    exchange.upstreamResponded(201)
    time.monotonicMs += 2
    time.wallMs += 42
    const [record] = end()
    expect(record).toBe(exchange)
    expect(record).toMatchObject({
      status: 201,
      upstreamStatus: 201,
      durationMs: 42,
      upstreamDurationMs: 40,
      endedMs: 1_800_000_000_042,
      endedMonotonicMs: 142,
      fault: undefined,
    })
  })

  it('records the fault that the gateway itself ended the exchange for', () => {
    const { exchange, end } = start()
    exchange.cut(new GatewayFault('downstream_stalled'))
    exchange.fail(new Error('socket hang up'))
    expect(end()[0]?.fault?.code).toBe('downstream_stalled')
  })

  it('changes no fact of its record afterwards', () => {
    const { exchange, time, end } = start()
    exchange.status = 502
    const [record] = end()
    const facts = () => [record?.status, record?.durationMs, record?.endedMs, record?.fault]
    const before = facts()
    time.monotonicMs += 10
    time.wallMs += 10
    exchange.cut(new GatewayFault('downstream_stalled'))
    expect(facts()).toEqual(before)
  })

  it('holds no body while its record waits, even if a fault came before the diagnosis', () => {
    const { exchange, capacity, end } = start()
    const body = Buffer.from('{}')
    expect(exchange.hold.reserve(body.byteLength)).toBe(true)
    const credentials = { timestampSeconds: 0, mac: Buffer.alloc(32) }
    exchange.facts.evidence = { body, credentials, canonical: body, isHealed: true }
    exchange.facts.replayedBody = Body.of(body)
    exchange.fail(new GatewayFault('replay_store_unavailable'))
    const [record] = end()
    expect(capacity.bufferedBytes).toBe(0)
    expect(record?.facts.evidence).toBe(undefined)
    expect(record?.facts.replayedBody).toBe(undefined)
  })

  it('keeps nothing of the app’s connection while its record waits', () => {
    const { exchange, end } = start()
    const called: string[] = []
    exchange.call = { onFault: () => called.push('cut') }
    exchange.tunnel = new Socket()
    end()
    exchange.cut(new GatewayFault('downstream_stalled'))
    expect([called, exchange.tunnel]).toEqual([[], undefined])
  })
})
