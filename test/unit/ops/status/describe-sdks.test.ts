import { describe, expect, it } from 'vitest'

import { describeSdks } from '../../../../gateway/ops/status/describe-sdks.ts'

function lastCells(...sdks: string[]) {
  const seen = sdks.map((sdk) => ({ sdk, responses: 1, lastMs: 0, advisories: [] }))
  const rows = describeSdks([{ kind: 'inngest', route: 'shop', sdks: seen }], 0)
  return rows.map(({ cells }) => cells.at(-1)?.text)
}

describe('the table of SDK versions', () => {
  it('says of a known version that it has no advisories', () => {
    expect(lastCells('js 4.24.0')).toEqual(['none known'])
  })

  it('claims nothing about a version that no response has named', () => {
    expect(lastCells('unknown')).toEqual(['unknown'])
    expect(lastCells()).toEqual(['unknown'])
  })
})
