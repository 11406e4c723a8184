/**
 * The files that an entry of `include` names: one file, or all in one folder whose names match `*` and
 * `?`. Folders are not searched, so that what is included can be seen by one `ls`.
 */
import path from 'node:path'

/** @returns what is wrong with it; undefined if it is a name or a pattern. */
export function patternProblem(pattern: string): string | undefined {
  const [folder, name] = [path.dirname(pattern), path.basename(pattern)]
  if (/[*?]/.test(folder)) return 'a wildcard in the name of a folder'
  if (name.includes('**')) return '**, and folders are not searched'
  // Taken for themselves they would match nothing, without a word.
  return isPattern(pattern) && /[[\]{}]/.test(name) ? 'brackets or braces' : undefined
}

export function isPattern(entry: string): boolean {
  return /[*?]/.test(path.basename(entry))
}

/**
 * The names that match, in the order of their bytes, which is the same on every machine. Hidden files
 * do not: a Kubernetes mount keeps its versions in them.
 */
export function matchingNames(pattern: string, names: readonly string[]): string[] {
  const wanted = path.basename(pattern)
  const source = wanted
    .replace(/[$()+.\\^|]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const regex = new RegExp(`^${source}$`, 'su')
  return names
    .filter((name) => regex.test(name) && !name.startsWith('.'))
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
}
