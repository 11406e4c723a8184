import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { OpenList } from '../../../gateway/accept/open-list.ts'
import type { Exchange } from '../../../gateway/exchange/exchange.ts'
import { watchStalls } from '../../../gateway/exchange/stall-watch.ts'

/** What the watch looks at. */
interface Side {
  response: { waitingBytes: number; connectionBytesSent: number }
  request: { isComplete: boolean; isReading: boolean; connectionBytesRead: number }
  kind: 'inngest' | 'passthrough'
  tunnel: Pick<Socket, 'writableLength' | 'bytesWritten'> | undefined
}

const LIMITS = { responseStallTimeoutMs: 2000, bodyIdleTimeoutMs: 1000 }

let stop = () => {
  // Nothing runs yet.
}
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

/** @returns the codes of the faults that the exchange was cut for, once each. */
function watch(changes: Partial<Side>): { side: Side; cuts: Set<string> } {
  const side: Side = {
    response: { waitingBytes: 0, connectionBytesSent: 0 },
    request: { isComplete: true, isReading: false, connectionBytesRead: 0 },
    kind: 'passthrough',
    tunnel: undefined,
    ...changes,
  }
  const cuts = new Set<string>()
  const exchange = {
    client: { request: side.request, response: side.response },
    facts: { route: { kind: side.kind } },
    tunnel: side.tunnel,
    cut: ({ code }: { code: string }) => cuts.add(code),
  }
  const open = new OpenList<Exchange>()
  open.add(exchange as unknown as Exchange)
  stop = watchStalls(open, () => LIMITS)
  return { side, cuts }
}

const later = (ms: number) => {
  vi.advanceTimersByTime(ms)
}

describe('watchStalls', () => {
  it('cuts a response of which the client takes nothing', () => {
    const { cuts } = watch({ response: { waitingBytes: 1, connectionBytesSent: 5 } })
    later(1900)
    expect([...cuts]).toEqual([])
    later(1000)
    expect([...cuts]).toEqual(['downstream_stalled'])
  })

  it('leaves a client that takes a little of it now and then', () => {
    const { side, cuts } = watch({ response: { waitingBytes: 1, connectionBytesSent: 5 } })
    for (let i = 0; i < 10; i += 1) {
      later(1500)
      side.response.connectionBytesSent += 1
    }
    expect([...cuts]).toEqual([])
  })

  it('leaves an app that takes its time, with nothing waiting for the client', () => {
    const { cuts } = watch({})
    later(20_000)
    expect([...cuts]).toEqual([])
  })

  const streaming = { isComplete: false, isReading: true, connectionBytesRead: 5 }

  it('cuts a streamed body of which the client sends nothing', () => {
    const { side, cuts } = watch({ request: { ...streaming } })
    later(900)
    side.request.connectionBytesRead += 1
    later(900)
    expect([...cuts]).toEqual([])
    later(1000)
    expect([...cuts]).toEqual(['downstream_idle'])
  })

  it('blames the app, and later, if the body waits here for it', () => {
    const { cuts } = watch({ request: { ...streaming, isReading: false } })
    later(1900)
    expect([...cuts]).toEqual([])
    later(1000)
    expect([...cuts]).toEqual(['upstream_timeout'])
  })

  it('leaves a body of an Inngest route to its own watch', () => {
    const { cuts } = watch({ kind: 'inngest', request: { ...streaming } })
    later(20_000)
    expect([...cuts]).toEqual([])
  })

  it('cuts a tunnel of which the app takes nothing, and leaves a silent one', () => {
    const stuck = watch({ tunnel: { writableLength: 1, bytesWritten: 10 } })
    later(1900)
    expect([...stuck.cuts]).toEqual([])
    later(1000)
    expect([...stuck.cuts]).toEqual(['upstream_timeout'])
    stop()
    const silent = watch({ tunnel: { writableLength: 0, bytesWritten: 10 } })
    later(20_000)
    expect([...silent.cuts]).toEqual([])
  })

  it('looks at nothing after it was stopped', () => {
    const { cuts } = watch({ response: { waitingBytes: 1, connectionBytesSent: 5 } })
    stop()
    later(20_000)
    expect([...cuts]).toEqual([])
  })
})
