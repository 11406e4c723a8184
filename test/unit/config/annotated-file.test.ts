/** What config/gateway.yaml says of itself: every key, with its default. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { keysOf, settingsSchema } from '../../support/setting-keys.ts'

const text = readFileSync('config/gateway.yaml', 'utf8')

/** As if whoever reads it had put every key in force that is a comment there. */
const whole: unknown = parse(text.replaceAll(/^( *)# ( *(?:- )?\w+:(?: |$))/gm, '$1$2'))

/** Keys with their values; of a list's items the first that has the key counts. */
function valuesOf(value: unknown, path = ''): [string, unknown][] {
  return [[path, value], ...childrenOf(value, path)]
}

function childrenOf(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  const dot = path === '' ? '' : '.'
  return Object.entries(value).flatMap(([key, child]) => valuesOf(child, `${path}${dot}${key}`))
}

const values = new Map(valuesOf(whole).reverse())
const keys = keysOf(settingsSchema())

describe('the annotated file', () => {
  it('has keys to look for', () => {
    expect(keys.length).toBeGreaterThan(70)
  })

  it.each(keys)('has $path', ({ path }) => {
    expect([...values.keys()]).toContain(path)
  })

  it.each(keys.filter(({ fallback }) => fallback !== undefined))(
    'shows the default of $path',
    ({ path, fallback }) => {
      expect(values.get(path)).toEqual(fallback)
    },
  )
})
