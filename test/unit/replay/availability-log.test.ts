import { pino } from 'pino'
import { expect, it } from 'vitest'

import { AvailabilityLog } from '../../../gateway/replay/redis/health.ts'

function startLog() {
  const said: unknown[] = []
  const write = (line: string) => {
    const { why, msg } = JSON.parse(line) as Record<string, unknown>
    said.push(why ?? msg)
  }
  const log = new AvailabilityLog(pino({}, { write }), 'not connected')
  return { log, said }
}

it('says each reason once, until the store could be asked in between', () => {
  const { log, said } = startLog()
  const reasons = ['not connected', 'reset', 'alert', 'reset', 'alert', undefined, undefined]
  for (const why of [...reasons, 'reset', 'not connected']) log.tell(why)
  expect(said).toEqual(['reset', 'alert', 'replay store available again', 'reset', 'not connected'])
})

it('says so many and no more, whatever a server thinks of', () => {
  const { log, said } = startLog()
  for (let i = 0; i < 1000; i += 1) log.tell(`reason ${String(i)}`)
  expect(said).toHaveLength(15)
  log.tell(undefined)
  log.tell('reason 1000')
  expect(said.slice(15)).toEqual(['replay store available again', 'reason 1000'])
})
