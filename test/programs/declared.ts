/**
 * In every test file: a program is started only by a test that declares it by the tag of its group
 * (groups.ts), so that the test is left out where the program is missing. Else a test would pass here
 * and fail on every machine without the program.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

import { TestRunner, type RunnerTestCase } from 'vitest'

import { groups, type Group } from './groups.ts'

/** Found wherever npm and Debian's essential packages are. */
const everywhere = new Set(['node', 'npm', 'bash', 'sh', 'mkfifo', 'script', 'unshare', 'which'])

interface Tagged {
  readonly tags?: readonly string[] | undefined
  readonly tasks?: readonly Tagged[]
}

const tagsWithin = ({ tags = [], tasks = [] }: Tagged): readonly string[] => [
  ...tags,
  ...tasks.flatMap(tagsWithin),
]

/** Outside a test, in beforeAll or as the file is read, those of anything that was read of the file. */
function declaredTags(): readonly string[] {
  const test = TestRunner.getCurrentTest<RunnerTestCase | undefined>()
  return tagsWithin(test ?? TestRunner.getCurrentSuite().file)
}

const commandsOf = ({ programs, builds = [] }: Group): readonly string[] => [
  ...programs.map(({ command }) => command),
  ...builds,
]

function checkDeclared(command: string): void {
  const name = path.basename(command)
  if (command === process.execPath || everywhere.has(name)) return
  const having = groups.filter((group) => commandsOf(group).includes(name))
  if (having.length === 0) {
    throw new Error(
      `${name} is not everywhere: add it, and its package, to test/programs/groups.ts`,
    )
  }
  const declared = declaredTags()
  if (!having.some((group) => declared.includes(group.name))) {
    const names = having.map((group) => `'${group.name}'`).join(' or ')
    throw new Error(`${name} is not everywhere: tag the test or its file with ${names}`)
  }
}

const starters = ['spawn', 'spawnSync', 'execFile', 'execFileSync'] as const

type Starter = (command: string, ...rest: unknown[]) => unknown

for (const name of starters) {
  const start = childProcess[name] as Starter
  const checked: Starter = (command, ...rest) => {
    checkDeclared(command)
    return start(command, ...rest)
  }
  Object.assign(childProcess, { [name]: checked })
}
syncBuiltinESMExports()
