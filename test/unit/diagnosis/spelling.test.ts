import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkCredentials } from '../../../gateway/admit/checks/credentials.ts'
import { diagnoseSpelling, spellings } from '../../../gateway/diagnosis/spelling.ts'
import { recordedRequests, recordedSignature } from '../../support/recorded.ts'

const headers = recordedRequests.map(recordedSignature).filter((header) => /[a-f]/.test(header))
const mutations: [string, (header: string) => string[]][] = [
  ['duplicated', (header) => [header, header]],
  ['duplicated', (header) => [header, '']],
  ['duplicated', (header) => [`${header}, ${header}`]],
  ['duplicated', (header) => [`${header},t=1`]],
  ['whitespace', (header) => [header.replace('&', '& ')]],
  ['whitespace', (header) => [`${header}\t`]],
  ['percent_encoded', (header) => [encodeURIComponent(header)]],
  ['percent_encoded', (header) => [header.replace('&', '%26')]],
  ['order', (header) => [header.split('&').reverse().join('&')]],
  ['extra_parameters', (header) => [`${header}&v=1`]],
  ['extra_parameters', (header) => [`v1&${header}`]],
  ['milliseconds', (header) => [header.replace('&', '123&')]],
  ['uppercase_hex', (header) => [header.replace(/[^=]+$/, (hex) => hex.toUpperCase())]],
  ['unknown', (header) => [header.split('&').reverse().join('&').toUpperCase()]],
  ['unknown', (header) => [header.slice(0, -1)]],
  ['unknown', (header) => [header.replace(/&.*/, '')]],
  ['unknown', (header) => [header.replace('&', '12&')]],
  ['unknown', () => ['lol']],
  ['unknown', () => ['']],
  ['unknown', () => []],
]

describe('diagnoseSpelling', () => {
  it.each(mutations)('names %s (%#)', (kind, mutate) => {
    expect(headers.length).toBeGreaterThan(50)
    for (const header of headers) {
      const values = mutate(header)
      const fields = values.flatMap((value) => ['X-Inngest-Signature', value])
      expect(checkCredentials(fields).ok).toBe(false)
      expect(diagnoseSpelling(values)).toBe(kind)
    }
  })

  it('knows a kind for whatever the header holds', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[ts=&%0-9a-f, ]{0,90}$/))
    fc.assert(
      fc.property(fc.array(value), (values) => Object.hasOwn(spellings, diagnoseSpelling(values))),
    )
  })
})
