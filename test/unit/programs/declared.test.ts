/** A test starts only the programs that its tags declare. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('a program of a group', () => {
  it.each([
    ['spawn', spawn],
    ['spawnSync', spawnSync],
    ['execFileSync', execFileSync],
  ])('is not started without its tag, by %s', (_, start) => {
    expect(() => start('redis-server', ['--version'])).toThrow(/tag .* with 'redis'/)
    expect(() => start('/usr/sbin/nginx', ['-v'])).toThrow(/tag .* with 'proxies'/)
  })

  it('is not started without its tag, if the tests build it', () => {
    expect(() => spawnSync('/tmp/built/go-client')).toThrow(/tag .* with 'clients'/)
  })

  it('is started with its tag', { tags: ['redis'] }, () => {
    expect(spawnSync('redis-cli', ['--version']).status).toBe(0)
  })

  it('is not started with the tag of another group', { tags: ['redis'] }, () => {
    expect(() => spawnSync('haproxy', ['-v'])).toThrow(/tag .* with 'proxies'/)
  })
})

it('a program of no group is not started', () => {
  expect(() => spawnSync('squid', ['--version'])).toThrow('groups.ts')
})

it('Node and what every Debian has are started by any test', () => {
  expect(spawnSync(process.execPath, ['--version']).status).toBe(0)
  expect(spawnSync('bash', ['-c', 'true']).status).toBe(0)
})
