/** Each page about a deployment says what of it was tried, when, and what was only read. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const deployments = globSync('docs/how-to/deploy-*.md').sort()

describe('a page about a deployment', () => {
  it('is there for each way to deploy', () => {
    expect(deployments.map((page) => page.replace(/^.*deploy-|\.md$/g, ''))).toEqual([
      'compose',
      'docker',
      'kubernetes',
      'managed-platforms',
      'systemd',
    ])
  })

  it.each(deployments)('says with a date what was tried: %s', (page) => {
    const text = readFileSync(page, 'utf8').replaceAll(/\s+/g, ' ')
    const statements = text.match(
      /\*\*(?:Tried|Not tried|None of this page was tried)\.?\*\*.*?\d{4}-\d{2}-\d{2}/g,
    )
    expect(statements).not.toBeNull()
  })
})
