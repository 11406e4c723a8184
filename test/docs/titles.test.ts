/** The title of a test begins with a verb, so that a line of failure can be read without the source. */
import { globSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { titlesOf } from '../support/test-titles.ts'

const notVerbs = new Set(
  [
    // Articles and quantities.
    'a an the one each every no only another other all any some none nothing',
    // Prepositions.
    'about above after against as at before behind below beside between beyond by despite during for from in',
    'inside into of off on onto out outside over since through to toward under until up upon via with within without',
    // Conjunctions, relatives and pronouns.
    'and because but if it its or so than that their there these they this those unless what when where whether',
    'which while who whose why yet',
  ]
    .join(' ')
    .split(' '),
)

const files = globSync('test/**/*.test.ts', { exclude: ['**/node_modules'] }).sort()

/** Without the suites around it. A row fills in what begins with `%s` or `$name`. */
const firstWordOf = (title: string) =>
  (title.split(' > ').at(-1) ?? '').split(/[\s,:]/, 1)[0]?.toLowerCase() ?? ''

describe('the titles of tests', () => {
  it.each(files)('begin with a verb in %s', (file) => {
    expect(titlesOf(file).filter((title) => notVerbs.has(firstWordOf(title)))).toEqual([])
  })

  it('are refused if they begin with anything else that is listed', () => {
    const titles = ['a list > that is empty', 'refuses > of a kind', 'a list > is empty']
    expect(titles.map((title) => notVerbs.has(firstWordOf(title)))).toEqual([true, true, false])
  })
})
