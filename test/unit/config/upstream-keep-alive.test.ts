/** A connection that an app closes while a call is on its way loses the call, so the gateway has to close it first. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../../gateway/config/load.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-keep-alive-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Servers that close idle connections and announce no time for it, and their defaults, in seconds. */
const silentServers = [
  ['gunicorn 27 (`keepalive`)', 2],
  ['uvicorn 0.54 (`timeout_keep_alive`)', 5],
  ['hypercorn (`keep_alive_timeout`)', 5],
] as const

describe('the default of upstream.keepAliveTimeout', () => {
  it.each(silentServers)('is less than that of %s', (_, seconds) => {
    const file = path.join(folder, 'gateway.yaml')
    const routes = '[{ name: a, upstream: "http://h:1", signingKeys: [{ env: KEY }] }]'
    writeFileSync(file, `routes: ${routes}\n`)
    const reading = readSettingsFile(file, { KEY: 'signkey-test-12345678' })
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    // With room for the timer that looks for idle connections, and for the way to the app.
    expect(reading.settings.config.upstream.keepAliveTimeoutMs).toBeLessThanOrEqual(seconds * 500)
  })
})
