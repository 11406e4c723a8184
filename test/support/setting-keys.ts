/** Every key of the configuration, as config/gateway.schema.json has it. */
import { z } from 'zod'

import { configSchema } from '../../gateway/config/schema/config.ts'

export interface SettingKey {
  /** As in `routes[].path`. */
  readonly path: string
  /** Undefined for keys that only hold others. */
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

export function settingsSchema(): SchemaNode {
  return z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode
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
