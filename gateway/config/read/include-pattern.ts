/**
 * The files of an `include` entry: one file, or all in one folder whose names match `*` and `?`. Subfolders are
 * not searched, so that one `ls` shows the included files.
 */
import path from 'node:path'

/** @returns the problem; undefined if it is a valid name or pattern. */
export function patternProblem(pattern: string): string | undefined {
  const [folder, name] = [path.dirname(pattern), path.basename(pattern)]
  if (/[*?]/.test(folder)) return 'a wildcard in the name of a folder'
  if (name.includes('**')) return '**, and folders are not searched'
  // As literal characters they would silently match nothing.
  return isPattern(pattern) && /[[\]{}]/.test(name) ? 'brackets or braces' : undefined
}

export function isPattern(entry: string): boolean {
  return /[*?]/.test(path.basename(entry))
}

/**
 * The names that match, in byte order, which is the same on every machine. Hidden files are excluded: a
 * Kubernetes mount keeps its versions in them.
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
