/** What config/gateway.schema.json lets an editor accept. */
import { describe, expect, it } from 'vitest'

import { settingsSchema } from '../../support/setting-keys.ts'

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: readonly object[]
  readonly $defs?: Readonly<Record<string, { readonly pattern: string }>>
}

const schema = settingsSchema() as Node

describe('the JSON schema', () => {
  it('accepts a file with include and no routes of its own', () => {
    expect(schema.properties).toHaveProperty('include')
    expect(schema.anyOf).toEqual([{ required: ['routes'] }, { required: ['include'] }])
  })

  it('accepts a variable in place of a number, a switch or a word', () => {
    const { listen, log } = schema.properties ?? {}
    const { port, proxyProtocol } = listen?.properties ?? {}
    for (const node of [port, proxyProtocol, log?.properties?.['level']]) {
      expect(node?.anyOf).toContainEqual({ $ref: '#/$defs/variable' })
    }
    const pattern = new RegExp(schema.$defs?.['variable']?.pattern ?? '')
    expect(['${A}', '${A:-1}', '${A:-}'].filter((text) => pattern.test(text))).toHaveLength(3)
    expect(['A', '$A', '${A', 'x${A}', '${A-1}'].filter((text) => pattern.test(text))).toEqual([])
  })
})
