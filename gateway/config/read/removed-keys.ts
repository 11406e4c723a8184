/** Keys of earlier versions, and their replacements. */
import { formatPath } from '../problem.ts'
import { fileKeyOf, isSection, notationOf } from '../schema/code-names.ts'
import { formatQuantity } from '../schema/units.ts'

export interface RemovedKey {
  readonly expected: string
  readonly found: string
}

const removed: Readonly<Record<string, string>> = {
  'replay.strict':
    'no such key: each signature is now claimed separately; for an Inngest server older than 1.13.5 set legacyServer: true on its route',
}

/** @returns undefined for a key that never existed. */
export function describeRemovedKey(
  path: readonly PropertyKey[],
  value: unknown,
): RemovedKey | undefined {
  const key = formatPath(path)
  const expected = Object.hasOwn(removed, key) ? removed[key] : undefined
  if (expected !== undefined) return { expected, found: 'a key that was removed' }
  const renamed = renamedKey(path, value)
  return renamed === undefined
    ? undefined
    : { expected: renamed, found: 'a key that was renamed: the unit is in the value now' }
}

/** The key had the unit in its name, as the code still does. */
function renamedKey(path: readonly PropertyKey[], value: unknown): string | undefined {
  const [section, oldKey, ...rest] = path.map(String)
  if (section === undefined || oldKey === undefined || rest.length > 0) return undefined
  if (!isSection(section)) return undefined
  const key = fileKeyOf(section, oldKey)
  if (key === undefined) return undefined
  const isQuantity = Number.isSafeInteger(value) && (value as number) >= 0
  return isQuantity ? `${key}: ${formatQuantity(value as number, notationOf(oldKey))}` : key
}
