/** docs/tutorial/first-gateway.md, command by command, with the real SDK and on free ports. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { blocksOf } from '../support/documents.ts'
import { patient } from '../support/gateway-process.ts'
import { stepsOf, Walkthrough, type Step } from '../support/walkthrough.ts'

const file = 'docs/tutorial/first-gateway.md'
const page = readFileSync(file, 'utf8')
const steps = stepsOf(file)
const [, key = ''] = /^export INNGEST_SIGNING_KEY=(\S+)$/m.exec(page) ?? []
// Inngest's lists are not fetched: a test needs no network.
const offline = { HTTPS_PROXY: 'http://127.0.0.1:9' }
const walkthrough = new Walkthrough({ INNGEST_SIGNING_KEY: key, ...offline })
beforeAll(() => walkthrough.usePorts(3000, 8080, 9090))
afterAll(() => walkthrough.stop())

/** Log and metrics follow a response by a moment, in which a reader has not typed anything yet. */
const readsLater = ({ text }: Step) =>
  text.includes('gateway.log | tail') || text.includes('/metrics')

async function follow(step: Step): Promise<void> {
  const before = steps[steps.indexOf(step) - 1]
  if (step.kind === 'file') walkthrough.write(step)
  else if (step.kind !== 'output') {
    // `explain` says by its code that the request was refused.
    const expected: (number | undefined)[] = step.text.includes(' explain ') ? [1] : [0, undefined]
    const isAsExpected = () => expected.includes(walkthrough.run(step) ?? undefined)
    if (readsLater(step)) await expect.poll(isAsExpected, patient).toBe(true)
    else expect(isAsExpected()).toBe(true)
  } else if (before !== undefined && readsLater(before)) {
    const again = () => (walkthrough.run(before), walkthrough.missing(step))
    await expect.poll(again, patient).toEqual([])
  } else expect(walkthrough.missing(step)).toEqual([])
}

describe('the tutorial', () => {
  it.each(steps)('does what it says in line $line: $kind $name', follow, 60_000)

  it('has no command that no test runs, but for those that get the repository', () => {
    const ran = new Set(steps.map(({ line }) => line))
    const others = blocksOf('sh').filter((block) => block.page === file && !ran.has(block.line))
    expect(others.map(({ text }) => text.trim().split('\n'))).toEqual([
      [
        'git clone https://github.com/inngest-gateway/inngest-gateway',
        'cd inngest-gateway',
        'npm ci && npm run build',
      ],
      [`export INNGEST_SIGNING_KEY=${key}`],
    ])
  })
})
