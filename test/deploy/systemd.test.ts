/** The unit for a plain machine: systemd reads it, finds it well closed, and its configuration starts. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../gateway/config/load.ts'

const UNIT = 'deploy/systemd/inngest-gateway.service'
const text = readFileSync(UNIT, 'utf8')
const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-unit-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function valuesOf(name: string): string[] {
  return lines
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1))
}

/** The configuration, with the credentials as systemd would hand them over. */
function readConfiguration() {
  const credentials = path.join(folder, 'credentials')
  mkdirSync(credentials, { recursive: true })
  for (const credential of valuesOf('LoadCredential')) {
    const [name = ''] = credential.split(':')
    writeFileSync(path.join(credentials, name), 'signkey-test-12345678123456781234567812345678')
  }
  const file = path.join(folder, 'gateway.yaml')
  const shipped = readFileSync('deploy/systemd/gateway.yaml', 'utf8')
  writeFileSync(file, shipped.replaceAll('/run/credentials/inngest-gateway.service', credentials))
  const reading = readSettingsFile(file, {})
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
  return reading.settings.config
}

describe('the systemd unit', () => {
  it('is read by systemd without a complaint', { tags: ['systemd'] }, () => {
    // What it starts is not on this machine; a shell is at its place.
    const unit = path.join(folder, 'inngest-gateway.service')
    writeFileSync(unit, text.replaceAll('/usr/bin/node', '/bin/sh'))
    const options = ['verify', '--recursive-errors=no', '--man=no', unit]
    const { status, stderr } = spawnSync('systemd-analyze', options, { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('leaves little exposed, by what systemd says of it', { tags: ['systemd'] }, () => {
    const options = ['security', '--offline=true', '--threshold=15', '--no-pager', UNIT]
    const { status, stdout } = spawnSync('systemd-analyze', options, { encoding: 'utf8' })
    expect(stdout).toContain('Overall exposure level')
    expect([status, stdout.split('\n').findLast((line) => line !== '')]).toEqual([
      0,
      expect.stringContaining('OK'),
    ])
  })

  it('lets the process write and run machine code, without which V8 does not start', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([])
  })

  it('has a configuration that starts with the credentials that it is given', () => {
    const config = readConfiguration()
    const [route] = config.routes
    expect(new URL(route?.upstream ?? '').hostname).toBe('127.0.0.1')
    expect(config.ops.host).toBe('127.0.0.1')
  })

  it('does not start again and again with a configuration that has a mistake', () => {
    // systemd holds the main process alone to this, so nothing before it may end with 2.
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2'])
    expect(valuesOf('ExecStartPre')).toEqual([])
  })

  it('waits longer for the end than the gateway takes', () => {
    const { delayMs, drainTimeoutMs } = readConfiguration().shutdown
    const [timeout = ''] = valuesOf('TimeoutStopSec')
    expect(Number.parseInt(timeout, 10) * 1000).toBeGreaterThan(delayMs + drainTimeoutMs + 5000)
  })

  it('has the folder in which the last good ranges are kept', () => {
    const { stateFile } = readConfiguration().inngestRanges
    expect(valuesOf('StateDirectory').map((name) => `/var/lib/${name}`)).toEqual([
      path.dirname(stateFile),
    ])
  })

  it('hands no secret over by the environment', () => {
    expect(text).not.toMatch(/^(?:Environment|EnvironmentFile|PassEnvironment)=/m)
  })
})
