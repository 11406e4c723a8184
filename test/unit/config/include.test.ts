/** Files with further routes: which they are, in which order, and whose mistakes they are. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { matchingNames } from '../../../gateway/config/read/include-pattern.ts'
import { readSettingsFile } from '../../../gateway/config/load.ts'
import { formatProblem } from '../../../gateway/config/problem.ts'
import { mountSecret } from '../../support/secret-mount.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gateway-include-'))
  mkdirSync(path.join(folder, 'conf.d'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const routeOf = (name: string, more = '') =>
  `  - { name: ${name}, path: /${name}, upstream: "http://h:1", signingKeys: [{ env: KEY }]${more} }\n`
const routes = (...names: string[]) => `routes:\n${names.map((name) => routeOf(name)).join('')}`

function read(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  const env = { KEY: 'signkey-test-12345678', HOST: 'app', FOLDER: 'conf.d' }
  return readSettingsFile(path.join(folder, 'gateway.yaml'), env)
}

function namesOf(files: Readonly<Record<string, string>>): string[] {
  const reading = read(files)
  if (!reading.ok) throw new Error(reading.problems.map(formatProblem).join('\n'))
  return reading.settings.policy.routes.map(({ name }) => name)
}

function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const reading = read(files)
  if (reading.ok) return []
  return reading.problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ''))
}

describe('matchingNames', () => {
  it('orders names by their bytes, however the folder is listed', () => {
    const names = ['\u{1f600}.yaml', '\uffee.yaml', 'b.yaml', 'Z.yaml', 'a.yaml', '..data']
    const sorted = ['Z.yaml', 'a.yaml', 'b.yaml', '\uffee.yaml', '\u{1f600}.yaml']
    expect(matchingNames('conf.d/*', names)).toEqual(sorted)
  })

  it('takes every other character of a pattern for itself', () => {
    const names = ['a.yaml', 'axyaml', 'a+(b)|$.yaml', 'ab.yaml']
    expect(matchingNames('?.yaml', names)).toEqual(['a.yaml'])
    expect(matchingNames('a+(b)|$.*', names)).toEqual(['a+(b)|$.yaml'])
  })
})

describe('include', () => {
  it('adds the routes of files in the byte order of their names, after those of the main file', () => {
    const files = {
      'gateway.yaml': `include: conf.d/*.yaml\n${routes('main')}`,
      'conf.d/b.yaml': routes('b1', 'b2'),
      'conf.d/a.yaml': routes('a'),
      'conf.d/Z.yaml': routes('z'),
      'conf.d/10.yaml': routes('ten'),
      'conf.d/9.yaml': routes('nine'),
      'conf.d/é.yaml': routes('accent'),
      'conf.d/.hidden.yaml': 'nonsense',
      'conf.d/a.yaml~': 'nonsense',
      'conf.d/a.yml': 'nonsense',
    }
    expect(namesOf(files)).toEqual(['main', 'ten', 'nine', 'z', 'a', 'b1', 'b2', 'accent'])
  })

  it('takes a list, in its order, reads no file twice, and needs no routes in the main file', () => {
    const files = {
      'gateway.yaml': 'include: [conf.d/b.yaml, "${FOLDER}/?.yaml", "*.yaml"]\n',
      'conf.d/a.yaml': routes('a'),
      'conf.d/b.yaml': routes('b'),
      'other.yaml': routes('other'),
    }
    expect(namesOf(files)).toEqual(['b', 'a', 'other'])
  })

  it('reads the files of a Kubernetes mount through its symlinks', () => {
    const mount = mountSecret({ 'a.yaml': routes('a'), 'b.yaml': routes('b') })
    symlinkSync(path.dirname(mount.fileOf('a.yaml')), path.join(folder, 'mounted'))
    expect(namesOf({ 'gateway.yaml': 'include: mounted/*.yaml\n' })).toEqual(['a', 'b'])
  })

  it('may match nothing, if it is a pattern', () => {
    expect(namesOf({ 'gateway.yaml': `include: conf.d/*.yaml\n${routes('main')}` })).toEqual([
      'main',
    ])
  })

  it('has the same settings, and fingerprint, as one file with all routes', () => {
    const one = read({ 'gateway.yaml': routes('a', 'b') })
    const two = read({
      'gateway.yaml': `include: conf.d/*.yaml\n${routes('a')}`,
      'conf.d/b.yaml': routes('b'),
    })
    if (!one.ok || !two.ok) throw new Error('it does not start')
    expect(two.settings.fingerprint).toBe(one.settings.fingerprint)
    expect(two.settings.config).toEqual(one.settings.config)
  })

  it.each([
    [
      'a file that is not there',
      'include: conf.d/x.yaml',
      'conf.d/x.yaml: expected a readable file, found no such file',
    ],
    [
      'a folder that is not there',
      'include: [cond.d/*.yaml]',
      'gateway.yaml:1: include[0]: expected a readable folder cond.d, found no such file',
    ],
    [
      'a pattern of folders',
      'include: "*/a.yaml"',
      'gateway.yaml:1: include: expected a path with * and ? in its last part only, found a wildcard in the name of a folder',
    ],
    [
      '**',
      'include: conf.d/**.yaml',
      'gateway.yaml:1: include: expected a path with * and ? in its last part only, found **, and folders are not searched',
    ],
    [
      'braces',
      'include: "conf.d/*.{yaml,yml}"',
      'gateway.yaml:1: include: expected a path with * and ? in its last part only, found brackets or braces',
    ],
    [
      'a number',
      'include: 5',
      'gateway.yaml:1: include: expected a file or pattern such as conf.d/*.yaml, or a list of them, found 5',
    ],
  ])('cannot name %s', (_, include, problem) => {
    expect(problemsOf({ 'gateway.yaml': `${include}\n${routes('main')}` })).toContain(problem)
  })

  it('says that there are no routes at all', () => {
    expect(problemsOf({ 'gateway.yaml': 'workers: 1\ninclude: conf.d/*.yaml\n' })).toEqual([
      'gateway.yaml:2: routes: expected at least one entry, in the main file or in an included one, found none in 1 files',
    ])
  })

  it('names file and line of each mistake, in the order of the files', () => {
    const files = {
      'gateway.yaml': `limits:\n  maxConnections: none\ninclude: conf.d/*.yaml\n${routes('main')}`,
      'conf.d/a.yaml': `routes:\n${routeOf('a')}\n${routeOf('b', ', introspections: true')}`,
      'conf.d/b.yaml': `# more\n\nroutes:\n${routeOf('c').replace('KEY', 'UNSET')}`,
      'conf.d/c.yaml': `routes:\n${routeOf('d').replace('http://h:1', 'http://${HSOT}')}`,
    }
    expect(problemsOf(files)).toEqual([
      'gateway.yaml:2: limits.maxConnections: expected a number, found "none"',
      expect.stringMatching(
        /^conf\.d\/a\.yaml:4: routes\[1\]\.introspections: expected one of .*, found an unknown key \(did you mean introspection\?\)$/,
      ) as string,
      'conf.d/b.yaml:4: routes[0].signingKeys[0]: expected a signing key in the environment variable UNSET, found it unset',
      'conf.d/c.yaml:2: routes[0].upstream: expected the environment variable HSOT, or a default as in ${HSOT:-value}, found it unset (did you mean HOST?)',
    ])
  })

  it('names both files of a route that is there twice', () => {
    const files = {
      'gateway.yaml': `include: conf.d/*.yaml\n${routes('main', 'a')}`,
      'conf.d/a.yaml': routes('a'),
      'conf.d/b.yaml': routes('b', 'b'),
    }
    expect(problemsOf(files)).toEqual([
      'conf.d/a.yaml:2: routes[0].name: expected a unique name, found that of routes[1], "a", in gateway.yaml:4',
      'conf.d/a.yaml:2: routes[0].path: expected a unique host and path, found those of routes[1], "a", in gateway.yaml:4',
      'conf.d/b.yaml:3: routes[1].name: expected a unique name, found that of routes[0], "b"',
      'conf.d/b.yaml:3: routes[1].path: expected a unique host and path, found those of routes[0], "b"',
    ])
  })

  it.each([
    ['', 'conf.d/a.yaml: expected a mapping with the key routes, found an empty file'],
    ['- name: a', 'conf.d/a.yaml:1: expected a mapping with the key routes, found a list'],
    ['routes: 5', 'conf.d/a.yaml:1: routes: expected a list, found 5'],
    ['routes: [', 'conf.d/a.yaml:1: expected valid YAML, found'],
    [
      'workers: 2\nroutes: []',
      'conf.d/a.yaml:1: workers: expected only routes in an included file, found a key of the main file: move it there',
    ],
    [
      'include: b.yaml',
      'conf.d/a.yaml:1: include: expected only routes in an included file, found a further include: name its files in the main file',
    ],
    [
      'route: []',
      'conf.d/a.yaml:1: route: expected only routes in an included file, found an unknown key (did you mean routes?)',
    ],
    ['routes: []\nroutes: []', 'conf.d/a.yaml:2: expected each key once, found "routes" again'],
    ['routes: ["\u0000"]', 'conf.d/a.yaml: expected a file in UTF-8'],
  ])('holds an included file to its routes: %j', (text, problem) => {
    const files = {
      'gateway.yaml': `include: conf.d/a.yaml\n${routes('main')}`,
      'conf.d/a.yaml': text,
    }
    expect(problemsOf(files)).toEqual([expect.stringContaining(problem) as string])
  })
})
