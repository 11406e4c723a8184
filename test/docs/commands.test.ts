/** Every command of the documentation: a shell can read it, and what it names of this project is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

import { blocksOf, pages } from '../support/documents.ts'

interface Command {
  readonly page: string
  readonly line: number
  readonly words: readonly string[]
}

/** Lines, continued ones put together, without comments, cut at `&&`, `;` and `|`. */
function commandsOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => line.replace(/(?:^|\s)#.*$/, '').split(/\s(?:&&|;|\||\|\|)\s/))
    .map((command) => command.trim())
    .filter((command) => command !== '')
}

const ASSIGNMENT = /^[A-Z][A-Z0-9_]*=/

function wordsOf(command: string): string[] {
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  while (ASSIGNMENT.test(words[0] ?? '')) words.shift()
  if (words[0] === 'sudo') words.shift()
  return words
}

const packageFile = JSON.parse(readFileSync('package.json', 'utf8')) as {
  name: string
  version: string
  scripts: Record<string, string>
}

const helps = new Map<string, string>()

function helpOf(command: string): string {
  const known = helps.get(command)
  if (known !== undefined) return known
  const { stdout, status } = spawnSync(process.execPath, ['gateway/main.ts', command, '--help'], {
    encoding: 'utf8',
  })
  const help = status === 0 ? stdout : ''
  helps.set(command, help)
  return help
}

/** Of the project's own commands, every option has to be one. */
function checkOwn([command = '', ...rest]: readonly string[]): void {
  const help = helpOf(command)
  expect(help).toContain(`inngest-gateway ${command}`)
  for (const option of rest.filter((word) => word.startsWith('-') && word !== '-')) {
    expect(help.split(/[\s,<>]+/)).toContain(option.split('=')[0])
  }
}

/** Paths of the repository that a command names. */
function expectThere(words: readonly string[], base = ''): void {
  for (const word of words.filter((text) => /^\.?[\w.-]*\//.test(text) && !text.includes('…'))) {
    expect(existsSync(path.join(base, word)), word).toBe(true)
  }
}

function checkNpm([verb = '', script = '', name]: readonly string[]): void {
  expect(['ci', 'test', 'run', 'pack', 'install', 'publish', 'version']).toContain(verb)
  if (verb === 'install') {
    const archive = `./${packageFile.name}-${packageFile.version}.tgz`
    expect(script).toBe('--global')
    expect([packageFile.name, archive]).toContain(name)
  }
  if (verb === 'run') expect(Object.keys(packageFile.scripts)).toContain(script)
}

function optionValue(words: readonly string[], ...names: string[]): string | undefined {
  const at = words.findIndex((word) => names.includes(word))
  return at === -1 ? undefined : words[at + 1]
}

const checks: Readonly<Record<string, (words: readonly string[]) => void>> = {
  npm: checkNpm,
  npx: (words) => {
    const [program, ...rest] = words.filter((word) => word !== '--no-install')
    expect(program).toBe(packageFile.name)
    checkOwn(rest)
  },
  'inngest-gateway': checkOwn,
  bash: expectThere,
  node: expectThere,
  kubectl: (words) => {
    const folder = optionValue(words, '-k', 'kustomize')
    if (folder?.startsWith('deploy/') === true) {
      expect(existsSync(path.join(folder, 'kustomization.yaml')), folder).toBe(true)
    }
  },
  docker: (words) => {
    const file = optionValue(words, '-f', '--file')
    if (file !== undefined) expect(existsSync(file), file).toBe(true)
  },
}

const scripts = blocksOf('sh')

const commands: Command[] = scripts.flatMap(({ page, line, text }) =>
  commandsOf(text)
    .map((command) => ({ page, line, words: wordsOf(command) }))
    .filter(({ words: [program = ''] }) => Object.hasOwn(checks, program)),
)

/** Commands within a sentence, such as `npm run generate`: the last word may stand for several. */
const inline: Command[] = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, text = '']) => commandsOf(text))
    .map((command) => ({ page, line: 0, words: wordsOf(command) }))
    .filter(({ words: [program = '', next = ''] }) => isOwnCommand(program, next)),
)

/** The name of the program alone is no command, and neither is one with `…`. */
function isOwnCommand(program: string, next: string): boolean {
  if (program === 'inngest-gateway') return /^[a-z]/.test(next)
  return program === 'npm' && ['ci', 'test', 'run'].includes(next)
}

describe('a command of the documentation', () => {
  it('is looked for in many places', () => {
    expect(commands.length).toBeGreaterThan(10)
  })

  it.each(scripts)('can be read by a shell: $page:$line', ({ text }) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it.each(commands.map((command) => ({ ...command, text: command.words.join(' ') })))(
    'names what there is: $page:$line $text',
    ({ words: [program = '', ...rest] }) => {
      checks[program]?.(rest)
    },
  )

  it.each(inline.map((command) => ({ ...command, text: command.words.join(' ') })))(
    'names what there is in a sentence of $page: $text',
    ({ words: [program = '', ...rest] }) => {
      checks[program]?.(rest)
    },
  )
})
