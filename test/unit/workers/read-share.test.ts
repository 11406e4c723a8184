import { describe, expect, it } from 'vitest'

import { readSettingsFile, type SettingsReading } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { readShare } from '../../../gateway/workers/read-share.ts'
import { mountSecret } from '../../support/secret-mount.ts'

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]\n'

function readingOf(text: string): SettingsReading & { ok: true } {
  const mount = mountSecret({ 'gateway.yaml': route + text })
  const env = { INNGEST_SIGNING_KEY: 'signkey-test-12345678' }
  const reading = readSettingsFile(mount.fileOf('gateway.yaml'), env)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading
}

function shareOf(text: string, started: string, workers = 4): SettingsReading {
  const { config } = readingOf(started).settings
  return readShare(() => readingOf(text), { config, workers, port: 18_080 })
}

describe('readShare', () => {
  it('gives a worker its part of the limits, the port of all, and the configuration as it is', () => {
    const share = shareOf('workers: 4', 'workers: 4')
    expect(share.ok && share.settings.config.listen).toMatchObject({
      host: '0.0.0.0',
      port: 18_080,
    })
    expect(share.ok && share.settings.policy.limits.maxConnections).toBe(2500)
    expect(share.ok && share.settings.config.limits.maxConnections).toBe(10_000)
    expect(share.ok && share.settings.fingerprint).toBe(
      readingOf('workers: 4').settings.fingerprint,
    )
  })

  it.each([
    [
      'another number of workers',
      'workers: 3',
      'workers: 4',
      'workers: expected 4 until a restart',
    ],
    [
      'what the others cannot change either',
      'workers: 4\nreplay: { maxEntries: 5 }',
      'workers: 4',
      'replay.maxEntries: expected 1000000 until a restart, found 5',
    ],
    [
      'too little room for as many as auto has counted',
      'workers: auto\nlimits: { maxBufferedSize: 40MiB }',
      'workers: auto',
      'limits.maxBufferedSize: expected room for two bodies of limits.maxBodySize in each of 4 workers, found 40MiB',
    ],
  ])('refuses %s', (_, text, started, message) => {
    const share = shareOf(text, started)
    expect(share.ok ? [] : share.problems.map(formatProblem)).toEqual([
      expect.stringContaining(message),
    ])
  })
})
