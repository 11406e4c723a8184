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

  it('is started with the tag of any of its groups', { tags: ['go-sdk'] }, () => {
    expect(spawnSync('go', ['version']).status).toBe(0)
    expect(() => spawnSync('curl', ['--version'])).toThrow(/tag .* with 'clients'/)
  })

  it('is not started without a tag of one of its groups', () => {
    expect(() => spawnSync('go', ['version'])).toThrow(/tag .* with 'clients' or 'go-sdk'/)
  })

  it('is started with its tag', { tags: ['redis'] }, () => {
    expect(spawnSync('redis-cli', ['--version']).status).toBe(0)
  })

  it('is not started with the tag of another group', { tags: ['redis'] }, () => {
    expect(() => spawnSync('haproxy', ['-v'])).toThrow(/tag .* with 'proxies'/)
  })
})

it('refuses to start a program of no group', () => {
  expect(() => spawnSync('squid', ['--version'])).toThrow('groups.ts')
})

it('lets any test start Node and what every Debian has', () => {
  expect(spawnSync(process.execPath, ['--version']).status).toBe(0)
  expect(spawnSync('bash', ['-c', 'true']).status).toBe(0)
})
