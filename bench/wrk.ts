/** Runs wrk once, and takes nothing for a number that was not answered as it should. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import type { Cell } from './cells.ts'

const SCRIPT = new URL('load/send-signed.lua', import.meta.url).pathname

/** Longest that an answer may take. */
const TIMEOUT_SECONDS = 60

export interface WrkReport {
  readonly requests: number
  readonly durationMicros: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly maxMicros: number
  /** Above 399. */
  readonly badStatuses: number
  readonly brokenConnections: number
  readonly timeouts: number
  /** Requests that were sent a second time, for want of records. */
  readonly exhausted: number
}

/** @param load arguments of send-signed.lua. @throws if any request went wrong. */
export async function runWrk(
  port: number,
  { connections }: Pick<Cell, 'connections'>,
  seconds: number,
  load: readonly string[],
): Promise<WrkReport> {
  const flags = ['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`]
  const url = `http://127.0.0.1:${String(port)}/`
  const argv = [...flags, '--timeout', `${String(TIMEOUT_SECONDS)}s`, '-s', SCRIPT, url, '--']
  const child = spawn('wrk', [...argv, ...load], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  const line = output.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said: ${output}`)
  const report = JSON.parse(line) as WrkReport
  const { badStatuses, brokenConnections, timeouts, exhausted, requests } = report
  if (badStatuses + brokenConnections + timeouts + exhausted > 0 || requests === 0) {
    throw new Error(`not every request was answered with 200 in time: ${line}`)
  }
  return report
}
