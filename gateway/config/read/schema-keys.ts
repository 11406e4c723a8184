/** What the schema knows of a path: its keys, and whether a text belongs there. */
import { configSchema } from '../schema/config.ts'

/** What of a zod schema leads to the schema of a part of it. */
interface Walkable {
  readonly type?: string
  readonly shape?: Readonly<Record<string, Walkable>>
  readonly element?: Walkable
  readonly unwrap?: () => Walkable
}

/** The keys the schema has at a path, so that a misspelled one can be seen. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(schemaAt(path)?.shape ?? {})
}

/** Whether nothing but a text belongs there, so that `123` is one. */
export function takesText(path: readonly PropertyKey[]): boolean {
  return schemaAt(path)?.type === 'string'
}

/** The paths of the whole configuration that end in a key; those of routes are left out. */
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

/** Without what makes it optional or gives it a default. An array unwraps to its element: not that. */
function unwrapped(schema: Walkable | undefined): Walkable | undefined {
  let inner = schema
  while (inner?.unwrap !== undefined && inner.shape === undefined && inner.element === undefined) {
    inner = inner.unwrap()
  }
  return inner
}
