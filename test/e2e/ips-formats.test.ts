/** What `ips --format` writes, read by the program that it is for, with one mistake in it, too. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { parse as parseHcl } from '@cdktf/hcl2json'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { afterAll, describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'

const folder = mkdtempSync(path.join(tmpdir(), 'gateway-ips-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string) => {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

const route =
  'routes: [{ name: a, upstream: "http://127.0.0.1:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'
const source = 'https://www.inngest.com/ips-v4'

/** Ranges that were fetched, and further ones, of which one is the same and one is within another. */
function configured(): string {
  const published = ['198.212.45.0/24', '3.140.194.254', '2607:e3c0::/32']
  const list = { source, fetchedAtSeconds: 1_790_000_000, published, vanished: [] }
  const kept = fileOf('kept.json', JSON.stringify({ version: 1, lists: [list] }))
  return fileOf(
    'gateway.yaml',
    `allowlist: [inngest, 198.212.45.0/24, 10.1.0.0/16, 10.0.0.0/8, '2001:db8::/64']
inngestRanges: { urls: [${source}], stateFile: ${kept} }
listen: { port: 8443 }
${route}
`,
  )
}

function ips(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['gateway/main.ts', 'ips', ...args],
    {
      env: { INNGEST_SIGNING_KEY: 'signkey-test-0123456789abcdef0123456789abcdef' },
      encoding: 'utf8',
    },
  )
  return { status, stdout, stderr }
}

const texts = new Map<string, string>()

/** Written once for all tests: a command takes long to start. */
function written(format: string): string {
  const known = texts.get(format)
  if (known !== undefined) return known
  const { status, stdout, stderr } = ips('-c', configured(), '--format', format)
  expect([status, stderr]).toEqual([0, ''])
  texts.set(format, stdout)
  return stdout
}

function run(command: string, args: readonly string[], input = '') {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' })
  if (error !== undefined) throw error
  return { isRead: status === 0, said: stdout + stderr }
}

const ipv4 = ['198.212.45.0/24', '3.140.194.254/32', '10.1.0.0/16', '10.0.0.0/8']
const ipv6 = ['2607:e3c0::/32', '2001:db8::/64']
const fetched = `${source}, 2026-09-21T14:13:20Z`
const own = /allowlist of the configuration, 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/

describe('ips --format', { timeout: 60_000 }, () => {
  it('writes for cidr one range on each line, below where it is from and when', () => {
    const text = written('cidr')
    const ranges = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(ranges).toEqual([
      ...ipv4.slice(0, 2),
      ...ipv6.slice(0, 1),
      ...ipv4.slice(2),
      ...ipv6.slice(1),
    ])
    expect(text).toContain(`# ${fetched}\n198.212.45.0/24\n`)
  })

  it.each(['cidr', 'nginx', 'haproxy', 'nftables', 'networkpolicy', 'terraform'])(
    'has for %s the source and date of each list in comments',
    (format) => {
      const text = written(format)
      expect(text).toContain(`# ${fetched}\n`)
      expect(text).toMatch(new RegExp(`# ${own.source}\n`))
    },
  )

  it('writes for json all ranges, and those of each list', () => {
    expect(JSON.parse(written('json'))).toMatchObject({
      title: expect.stringContaining('inngest-gateway') as string,
      ipv4,
      ipv6,
      lists: [
        { source, date: '2026-09-21T14:13:20Z', ipv4: ipv4.slice(0, 2), ipv6: ipv6.slice(0, 1) },
        { source: 'allowlist of the configuration', ipv4: ipv4.slice(2), ipv6: ipv6.slice(1) },
      ],
    })
  })

  it('writes what nginx reads', { tags: ['proxies'] }, () => {
    const check = (text: string) => {
      const include = fileOf('allow.conf', text)
      const server = `server { listen unix:${folder}/nginx.sock; location / { include ${include}; } }`
      const main = `pid ${folder}/nginx.pid; error_log stderr; events {} http { access_log off; ${server} }`
      return run('nginx', ['-t', '-e', 'stderr', '-c', fileOf('nginx.conf', main)])
    }
    const text = written('nginx')
    expect(text.trimEnd()).toMatch(/\ndeny all;$/)
    expect(check(text)).toMatchObject({ isRead: true })
    expect(check(text.replace('45.0/24', '45.0/99'))).toMatchObject({ isRead: false })
  })

  it('writes what HAProxy reads', { tags: ['proxies'] }, () => {
    const check = (text: string) => {
      const list = fileOf('inngest.acl', text)
      const rules = `acl from_inngest src -f ${list}\n  http-request deny unless from_inngest`
      const section = `frontend in\n  mode http\n  timeout client 1s\n  bind unix@${folder}/haproxy.sock\n  ${rules}\n`
      return run('haproxy', ['-c', '-f', fileOf('haproxy.cfg', section)])
    }
    const text = written('haproxy')
    expect(check(text)).toMatchObject({ isRead: true })
    expect(check(text.replace('45.0/24', '45.0/99'))).toMatchObject({ isRead: false })
  })

  it('writes what nftables reads, and merges ranges that overlap', { tags: ['nftables'] }, () => {
    // In a network namespace of its own: even a check asks the kernel for the rules of the machine.
    const check = (text: string) =>
      run('unshare', ['--map-root-user', '--net', 'nft', '-c', '-f', fileOf('inngest.nft', text)])
    const text = written('nftables')
    expect(check(text)).toMatchObject({ isRead: true })
    expect(check(text.replace('45.0/24', '45.0/99'))).toMatchObject({ isRead: false })
  })

  it('writes for aws-waf two inputs of CreateIPSet', { tags: ['botocore'] }, () => {
    const sets = JSON.parse(written('aws-waf')) as Record<'ipv4' | 'ipv6', object>
    const changed = [
      { Addresses: '10.0.0.0/8' },
      { Scope: 'ALL' },
      { Description: '*' },
      { Description: 'd'.repeat(257) },
    ]
    const inputs = [sets.ipv4, sets.ipv6, ...changed.map((wrong) => ({ ...sets.ipv4, ...wrong }))]
    const { said } = run(
      'python3',
      ['test/support/check-waf-input.py', 'wafv2', 'CreateIPSet'],
      JSON.stringify(inputs),
    )
    const problems = JSON.parse(said) as string[][]
    expect(problems.slice(0, 2)).toEqual([[], []])
    expect(problems.slice(2).map(({ length }) => length)).toEqual([1, 1, 1, 1])
    for (const set of [sets.ipv4, sets.ipv6]) {
      expect(set).toHaveProperty('Description', expect.stringContaining(fetched))
    }
    expect(sets).toMatchObject({ ipv4: { Addresses: ipv4 }, ipv6: { Addresses: ipv6 } })
  })

  it('writes for networkpolicy what the schema of Kubernetes allows', () => {
    const policy = parseYaml(written('networkpolicy')) as {
      spec: { ingress: object[] }
    }
    new NetworkPolicy(policy).validate()
    expect(policy.spec.ingress).toEqual([
      {
        ports: [{ protocol: 'TCP', port: 8443 }],
        from: [...ipv4.slice(0, 2), ...ipv6.slice(0, 1), ...ipv4.slice(2), ...ipv6.slice(1)].map(
          (cidr) => ({ ipBlock: { cidr } }),
        ),
      },
    ])
    const wrong = { ...policy, spec: { ...policy.spec, podSelector: 'all' } }
    expect(() => {
      new NetworkPolicy(wrong as never).validate()
    }).toThrow('podSelector')
  })

  it('writes for terraform what the parser of HashiCorp reads', async () => {
    const text = written('terraform')
    expect(await parseHcl('inngest.tf', text)).toEqual({
      locals: [{ inngest_ipv4: ipv4, inngest_ipv6: ipv6 }],
    })
    await expect(parseHcl('inngest.tf', text.replace('"198', '198'))).rejects.toThrow()
  })

  it('warns that the ranges are those of the release if none were fetched', () => {
    const file = fileOf('bundled.yaml', `inngestRanges: { stateFile: /nonexistent/x }\n${route}\n`)
    const { status, stdout, stderr } = ips('-c', file, '--format', 'cidr')
    expect(status).toBe(0)
    expect(stderr).toContain('warning: ranges are bundled with this release')
    expect(stdout).toMatch(
      /^# bundled with this release: inngest\/website public\/ips-v4 at .*, 2024$/m,
    )
  })

  it('names the formats, and is not for one address', () => {
    expect(ips('-c', configured(), '--format', 'iptables').stderr).toContain(
      'Allowed choices are cidr, json, nginx, haproxy, nftables, aws-waf, networkpolicy, terraform',
    )
    const both = ips('-c', configured(), '--format', 'cidr', '--check', '10.0.0.1')
    expect(both.status).toBe(2)
    expect(both.stderr).toContain('cannot be used with')
  })
})
