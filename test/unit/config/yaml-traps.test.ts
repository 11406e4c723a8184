/** What YAML reads differently from what was written: the message says so, and what to write. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'

const route =
  'routes: [{ name: a, upstream: "http://h:1", signingKeys: [{ env: INNGEST_SIGNING_KEY }] }]'
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-traps-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const file = path.join(folder, 'gateway.yaml')

function problemsOf(content: string | Buffer): string[] {
  writeFileSync(file, content)
  const reading = readSettingsFile(file, { INNGEST_SIGNING_KEY: 'signkey-test-12345678' })
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replace(file, 'gateway.yaml'))
}

const aliasFound =
  'found an alias, since a value that begins with * is one: write the value in quotes'

describe('a trap of YAML', () => {
  it.each([
    [
      'allowlist: [inngest, fd00::]',
      'allowlist[1]: expected a text, found a mapping, as YAML takes a colon at the end for that of a key: write "fd00::" in quotes',
    ],
    [
      'trustedProxies:\n  - fd00::',
      '3: trustedProxies[0]: expected a text, found a mapping, as YAML takes a colon at the end for that of a key: write "fd00::" in quotes',
    ],
    [
      'listen:\n  host: fd00::',
      '3: expected valid YAML, found a key in the wrong column, or a second ": " or a final ":" in one value: begin all keys of one mapping in the same column, and write such a value in quotes',
    ],
    [
      'log: &a { level: info }\nlimits:\n  <<: *a',
      '4: limits.<<: expected one of maxHeaderSize',
      'found a merge key, which YAML 1.2 does not have: write out the keys that it stands for',
    ],
    [
      'listen: { port: "${PORT}" }',
      '2: listen.port: expected the environment variable PORT, or a default as in ${PORT:-value}, found it unset',
    ],
    [
      'listen: { port: $PORT }',
      'found "$PORT", which is not expanded: write ${NAME}, or the value itself',
    ],
    [
      'listen: { host: "{{ .Values.host }}" }',
      'found "{{ .Values.host }}", which is not expanded: write ${NAME}, or the value itself',
    ],
    [
      'inngestRanges: { file: "$(RANGES)" }',
      '2: inngestRanges.file: expected a value, found a variable, which is not expanded: write ${NAME}, or the value itself',
    ],
    [
      'listen: { proxyProtocol: yes }',
      'expected true or false, found "yes", which is a text in YAML 1.2: write true',
    ],
    [
      'listen: { proxyProtocol: On }',
      'expected true or false, found "On", which is a text in YAML 1.2: write true',
    ],
    [
      'listen: { proxyProtocol: off }',
      'expected true or false, found "off", which is a text in YAML 1.2: write false',
    ],
    [
      'listen: { proxyProtocol: "true" }',
      'expected true or false, found "true", a text in quotes: write true',
    ],
    [
      'listen: { port: 0x50 }',
      '2: listen.port: expected decimal digits, or a text in quotes, found 0x50, which YAML reads as the number 80: write 80, or "0x50"',
    ],
    ['listen: { port: 0o120 }', 'found 0o120, which YAML reads as the number 80: write 80'],
    ['listen: { port: 0100 }', 'found 0100, which YAML reads as the number 100: write 100'],
    ['listen: { port: 1e3 }', 'found 1e3, which YAML reads as the number 1000: write 1000'],
    ['listen: { port: +80 }', 'found +80, which YAML reads as the number 80: write 80'],
    ['listen: { port: .inf }', 'found .inf, which YAML reads as the number Infinity'],
    ['listen: { port: 8_080 }', 'found "8_080", which is a text: write 8080'],
    ['listen: { port: 1:30 }', 'found "1:30", which is a text in YAML 1.2: write one number'],
    ['listen: { port: 0b11 }', 'found "0b11", which is a text in YAML 1.2: write decimal digits'],
    ['limits: { maxConnections: 10k }', 'found "10k", which is a text: write the number alone'],
    [
      'listen: { host: 10 }',
      'listen.host: expected a text, found 10, a number to YAML: write it in quotes',
    ],
    [
      'inngestRanges: { file: true }',
      'inngestRanges.file: expected a text, found true, a boolean to YAML: write it in quotes',
    ],
    [
      'listen: { host: 1e3 }',
      'listen.host: expected decimal digits, or a text in quotes, found 1e3, which YAML reads as the number 1000: write 1000, or "1e3"',
    ],
    [
      'listen: ~',
      'listen: expected a mapping, found null, which is what YAML reads in ~, null and an empty value: write a value, or leave the key out',
    ],
    ['listen:\nworkers: 1', 'found null, which is what YAML reads in ~, null and an empty value'],
    ['trustedProxies: [*.example.com]', `2: trustedProxies[0]: expected valid YAML, ${aliasFound}`],
    ['listen: { host: * }', `2: expected valid YAML, ${aliasFound}`],
    [
      'listen: { host: &gateway }',
      '2: listen.host: expected a value, found an anchor of nothing, since a value that begins with & is one: write the value in quotes',
    ],
    [
      'listen: { host: !gateway }',
      '2: expected valid YAML, found a tag, since a value that begins with ! is one: write the value in quotes',
    ],
    ['listen: { host: @gateway }', 'found a value that begins with @, ` or %: write it in quotes'],
    [
      'listen: port:80',
      'listen: expected a mapping, found "port:80", which is one text, as no space follows the colon: write key: value',
    ],
    ['listen: {port:80}', 'found a key without a space after its colon: write key: value'],
    ['port:80', '2: expected valid YAML, found a line that is no "key: value"'],
    ['listen:\n\tport: 81', '3: expected valid YAML, found a tab as indentation: write spaces'],
    ['---\nlisten: { port: 81 }', 'found a second document (---): a file holds one configuration'],
    ['workers: 1\nworkers: 2', '3: expected each key once, found "workers" again'],
  ])('%j is named', (text, ...parts) => {
    const said = problemsOf(`${route}\n${text}`).join('\n')
    for (const part of parts) expect(said).toContain(part)
  })

  it.each(['allowlist: [0x50]', 'listen: { host: * }', 'listen: { port: "${PORT}" }'])(
    'is told once: %j',
    (text) => {
      expect(problemsOf(`${route}\n${text}`)).toHaveLength(1)
    },
  )

  it.each(['', '# nothing yet\n', '---\n', 'null'])('names an empty file: %j', (text) => {
    expect(problemsOf(text)).toEqual([
      'gateway.yaml: expected a mapping with the key routes, found an empty file',
    ])
  })

  it('names a file that is one word, for want of a space', () => {
    expect(problemsOf('routes:[]')).toEqual([
      'gateway.yaml:1: expected a mapping, found "routes:[]", which is one text, as no space follows the colon: write key: value',
    ])
  })

  it.each([
    ['UTF-16, little endian', Buffer.from(`\ufeff${route}`, 'utf16le')],
    ['UTF-16, big endian', Buffer.from(`\ufeff${route}`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(`# f\xfcr\n${route}`, 'latin1')],
  ])('names a file in %s', (_, bytes) => {
    expect(problemsOf(bytes)).toEqual([
      'gateway.yaml: expected a file in UTF-8, found another encoding, such as UTF-16: save it as UTF-8',
    ])
  })

  it.each([
    ['a mark at its start', `\ufeff${route}`],
    ['line ends of Windows', `${route}\r\nworkers: 1\r\n`],
    ['one marked document', `---\n${route}\n...\n`],
    [
      'JSON, indented by tabs',
      '{\n\t"routes": [{\n\t\t"name": "a",\n\t\t"upstream": "http://h:1",\n\t\t"signingKeys": [{ "env": "INNGEST_SIGNING_KEY" }]\n\t}]\n}\n',
    ],
    ['a name that looks like a date', route.replace('name: a', 'name: 2024-01-01')],
    ['addresses that begin with colons', `${route}\nallowlist: ["::1", ::2]`],
    ['a word that YAML 1.1 takes for true', route.replace('name: a', 'name: yes')],
  ])('is none: %s', (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })
})
