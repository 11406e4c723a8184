/** Every key of the configuration, from config/gateway.schema.json. */
import { z } from 'zod'

import { configSchema } from '../../gateway/config/schema/config.ts'

export interface SettingKey {
  /** As in `routes[].path`. */
  readonly path: string
  /** Undefined for keys that only contain others. */
  readonly description: string | undefined
  /** Undefined where there is none. */
  readonly fallback: unknown
}

export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly description?: string
  readonly default?: unknown
}

/** A variable in place of a number, a word or a switch, which editors would underline otherwise. */
const VARIABLE = { type: 'string', pattern: String.raw`^\$\{[A-Za-z_]\w*(?::-[^}]*)?\}$` } as const

export function settingsSchema(): SchemaNode {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      const { type, enum: words, minimum, maximum } = jsonSchema
      if (type !== 'integer' && type !== 'boolean' && words === undefined) return
      const own = { type, enum: words, minimum, maximum }
      for (const key of Object.keys(own)) Reflect.deleteProperty(jsonSchema, key)
      jsonSchema.anyOf = [
        JSON.parse(JSON.stringify(own)) as { type?: 'integer' },
        { $ref: '#/$defs/variable' },
      ]
    },
  })
  // The routes may all be in included files.
  const { required: _, ...rest } = schema
  const anyOf = [{ required: ['routes'] }, { required: ['include'] }]
  return { ...rest, anyOf, $defs: { variable: VARIABLE } } as SchemaNode
}

/** @throws if a key that holds a value has no description. */
export function keysOf({ properties = {} }: SchemaNode, prefix = ''): SettingKey[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${prefix}${name}`
    const inner = [...keysOf(node, `${path}.`), ...keysOf(node.items ?? {}, `${path}[].`)]
    const { description, default: fallback } = node
    if (inner.length === 0 && description === undefined) throw new Error(`${path} is not described`)
    return [{ path, description, fallback: inner.length === 0 ? fallback : undefined }, ...inner]
  })
}
