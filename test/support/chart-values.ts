/** The values of the Helm chart: their schema, which includes that of the gateway, and their descriptions. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { parse } from 'yaml'

import { settingsSchema, type SchemaNode } from './setting-keys.ts'

export const chartFolder = 'deploy/helm/inngest-gateway'

interface ValuesSchema extends SchemaNode {
  readonly properties: Readonly<Record<string, SchemaNode>> & {
    readonly config: { readonly allOf: readonly unknown[] }
  }
}

/** With the gateway's current schema, so that `helm install` refuses a wrong configuration. */
export function chartSchema(before: string): string {
  const schema = JSON.parse(before) as ValuesSchema
  const { config } = schema.properties
  const { $schema: _, $defs, ...own } = settingsSchema() as SchemaNode & Record<string, unknown>
  const properties = {
    ...schema.properties,
    config: { ...config, allOf: [own, ...config.allOf.slice(1)] },
  }
  return JSON.stringify({ ...schema, properties, $defs }, undefined, 2)
}

export interface ChartValue {
  readonly path: string
  readonly fallback: string
  readonly description: string
}

/** @throws if a value of the schema has no default in values.yaml, or vice versa. */
export function chartValues(): readonly ChartValue[] {
  const read = (name: string) => readFileSync(path.join(chartFolder, name), 'utf8')
  const { properties } = JSON.parse(read('values.schema.json')) as ValuesSchema
  const { global: _, ...own } = properties
  return valuesIn(own, parse(read('values.yaml')) as Values, '')
}

type Values = Readonly<Record<string, unknown>>

function valuesIn(
  nodes: Readonly<Record<string, SchemaNode>>,
  values: Values,
  prefix: string,
): ChartValue[] {
  const [described, given] = [Object.keys(nodes).sort(), Object.keys(values).sort()]
  if (described.join() !== given.join()) {
    throw new Error(`values.yaml has ${given.join()}, values.schema.json ${described.join()}`)
  }
  return Object.entries(nodes).flatMap(([name, { properties, description }]) => {
    const value = values[name]
    if (properties !== undefined) return valuesIn(properties, value as Values, `${prefix}${name}.`)
    if (description === undefined) throw new Error(`${prefix}${name} is not described`)
    return { path: `${prefix}${name}`, fallback: JSON.stringify(value), description }
  })
}
