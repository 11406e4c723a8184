/** Queries of the schema for a path: its keys, and whether its value is a text. */
import { configSchema } from '../schema/config.ts'

/** The parts of a zod schema that lead to the schemas of its members. */
interface Walkable {
  readonly type?: string
  readonly shape?: Readonly<Record<string, Walkable>>
  readonly element?: Walkable
  readonly unwrap?: () => Walkable
}

/** The keys that the schema has at a path, to detect a misspelled one. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(schemaAt(path)?.shape ?? {})
}

/** Whether the value must be a text, so that `123` is read as one. */
export function takesText(path: readonly PropertyKey[]): boolean {
  return schemaAt(path)?.type === 'string'
}

/** The paths of the whole configuration that end in this key, except those in routes. */
export function pathsOf(key: string): string[] {
  return everyPath(rootSchema, '').filter((path) => path.endsWith(`.${key}`))
}

const rootSchema = configSchema as unknown as Walkable

function everyPath(schema: Walkable | undefined, path: string): string[] {
  const shape = unwrapped(schema)?.shape ?? {}
  return [
    path,
    ...Object.entries(shape).flatMap(([key, inner]) => everyPath(inner, `${path}.${key}`)),
  ]
}

function schemaAt(path: readonly PropertyKey[]): Walkable | undefined {
  let schema: Walkable | undefined = rootSchema
  for (const part of path) {
    const container: Walkable | undefined = unwrapped(schema)
    const { shape = {} } = container ?? {}
    const key = String(part)
    if (typeof part === 'number') schema = container?.element
    else schema = Object.hasOwn(shape, key) ? shape[key] : undefined
  }
  return unwrapped(schema)
}

/** Without its optional or default wrapper. Arrays are kept, because unwrapping them yields their element. */
function unwrapped(schema: Walkable | undefined): Walkable | undefined {
  let inner = schema
  while (inner?.unwrap !== undefined && inner.shape === undefined && inner.element === undefined) {
    inner = inner.unwrap()
  }
  return inner
}
