/** Log lines as a gateway writes them, and a verdict on them. */
import { Readable } from 'node:stream'

import { readRolloutLog, type LogReading } from '../../gateway/cli/rollout-log.ts'

export type Line = Readonly<Record<string, unknown>>

export function startLine(report: readonly string[], policy = 'inngest', name = 'app'): Line {
  return { level: 'info', msg: 'started', routes: [{ name, policy, report }] }
}

/**
 * A function call that a key verified.
 * @param minute of the first hour of a day.
 */
export function callLine(over: Line = {}, minute = 0): Line {
  return {
    level: 'info',
    time: new Date(Date.UTC(2026, 10, 28, 0, minute)).toISOString(),
    request_id: `r${String(minute)}`,
    decision: 'admitted',
    reason: 'none',
    client_ip: '203.0.113.7',
    remote_ip: '203.0.113.7',
    route: 'app',
    method: 'POST',
    path: '/api/inngest',
    key_slot: 0,
    fn_id: 'shop-hello',
    msg: 'request',
    ...over,
  }
}

export function syncLine(over: Line = {}, minute = 0): Line {
  return callLine({ method: 'PUT', fn_id: undefined, ...over }, minute)
}

/** Made of objects in the form of the log, and of other text. */
export function logText(lines: readonly (Line | string)[]): string {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  return texts.map((text) => `${text}\n`).join('')
}

export function readLog(lines: readonly (Line | string)[], sinceMs = 0): Promise<LogReading> {
  return readRolloutLog(Readable.from([Buffer.from(logText(lines))]), sinceMs)
}
