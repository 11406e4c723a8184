/** Finds programs where Debian installs them, and what is missing of the groups. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

import { groups, type Group, type Program } from './groups.ts'
import { canBecomeRoot } from './root.ts'

/** Of the packages that only the site of the documentation needs. */
const ofSite = path.resolve(import.meta.dirname, '../../docs/site/node_modules/.bin')

/** Debian has nginx and HAProxy in /usr/sbin, which is not in the PATH of ordinary users. */
export function searchPath(ofEnvironment = process.env['PATH'] ?? ''): string {
  const folders = ofEnvironment.split(path.delimiter).filter((folder) => folder !== '')
  const all = new Set([
    ...folders,
    '/usr/local/bin',
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    ofSite,
  ])
  return [...all].join(path.delimiter)
}

export function findProgram(command: string, folders = searchPath()): string | undefined {
  return folders
    .split(path.delimiter)
    .map((folder) => path.join(folder, command))
    .find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function isMissing({ command, prints }: Program, folders: string): boolean {
  const file = findProgram(command, folders)
  if (file === undefined) return true
  if (prints === undefined) return false
  const { stdout } = spawnSync(file, prints.args, { encoding: 'utf8' })
  return !prints.text.test(stdout)
}

/** No package brings it. */
const ROOT: Program = { command: 'root or sudo without a password' }

/** A group of which something is missing, with only what is missing. */
export function missingGroups(
  of: readonly Group[] = groups,
  folders = searchPath(),
  isRoot = canBecomeRoot,
): readonly Group[] {
  return of
    .map((group) => ({
      ...group,
      programs: [
        ...group.programs.filter((program) => isMissing(program, folders)),
        ...(group.asRoot === true && !isRoot() ? [ROOT] : []),
      ],
    }))
    .filter(({ programs }) => programs.length > 0)
}
