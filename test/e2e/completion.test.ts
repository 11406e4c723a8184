/** The completion scripts, in the shells themselves. */
import { spawnSync } from 'node:child_process'
import { Command, Option } from 'commander'
import { describe, expect, it } from 'vitest'

import { completionScript, type Shell } from '../../gateway/cli/completion.ts'
import { offered } from '../support/completing.ts'

function cli(...args: string[]): string {
  const options = { env: {}, encoding: 'utf8' } as const
  return spawnSync(process.execPath, ['gateway/main.ts', ...args], options).stdout
}

/** Of the help, without the short forms. */
const optionsIn = (help: string) =>
  [...help.matchAll(/^ {2}(?:-\w, | {4})?(--[\w-]+)/gm)].map(([, name]) => name).sort()
const commands = [...cli('help').matchAll(/^ {2}([a-z][\w-]*) /gm)].map(([, name]) => name)

const shells = [
  { shell: 'bash', tags: [] },
  { shell: 'zsh', tags: ['shells'] },
  { shell: 'fish', tags: ['shells'] },
] as const satisfies { shell: Shell; tags: unknown }[]

describe.each(shells)('completion in $shell', ({ shell, tags }) => {
  const script = cli('completion', shell)
  const offer = (line: string) => offered(shell, script, line)

  it('offers every command', { tags: [...tags] }, async () => {
    expect(commands.length).toBeGreaterThan(10)
    const words = await offer('')
    expect(words.filter((word) => !word.startsWith('-'))).toEqual(commands.toSorted())
    expect(await offer('ver')).toEqual(['verify', 'version'])
  })

  it('offers every option of every command', { tags: [...tags], timeout: 120_000 }, async () => {
    for (const command of commands) {
      const expected = optionsIn(cli('help', command ?? ''))
      expect(expected).toContain('--help')
      expect([command, await offer(`${command ?? ''} --`)]).toEqual([command, expected])
    }
  })

  it('offers the words that an argument can be', { tags: [...tags] }, async () => {
    expect((await offer('completion ')).filter((word) => !word.startsWith('-'))).toEqual([
      'bash',
      'fish',
      'zsh',
    ])
    expect(await offer('help he')).toEqual(['healthcheck', 'help'])
  })

  it('offers files where an option takes one, and nowhere else', { tags: [...tags] }, async () => {
    const files = ['gateway one.yaml', 'gateway.yaml']
    expect(await offer('run --config gate')).toEqual(files)
    expect(await offer('run -c gate')).toEqual(files)
    expect(await offer('run --config=gate')).toEqual(files)
    expect(await offer('run --upstream gate')).toEqual([])
    expect(await offer('healthcheck gate')).toEqual([])
  })

  const program = new Command('inngest-gateway').description("it's [one]: \\ `two` $HOME")
  program
    .command('paint')
    .description("it's [one]: \\ `two` $HOME")
    .addOption(
      new Option('-s, --shade <shade>', "it's [one]: \\ `two` $HOME").choices(['dark', 'light']),
    )
    .option('--many <word>', 'any', (word, before: string[]) => [...before, word], [])

  it('offers the choices of an option, and reads any text', { tags: [...tags] }, async () => {
    const own = completionScript(program, shell)
    expect(await offered(shell, own, 'paint --shade ')).toEqual(['dark', 'light'])
    expect(await offered(shell, own, 'paint -s li')).toEqual(['light'])
    expect(await offered(shell, own, 'paint --many a --')).toContain('--many')
    expect(await offered(shell, own, 'pa')).toEqual(['paint'])
  })
})

describe('completion', () => {
  it('knows no other shell', () => {
    const options = { env: {}, encoding: 'utf8' } as const
    const { status, stderr } = spawnSync(
      process.execPath,
      ['gateway/main.ts', 'completion', 'tcsh'],
      options,
    )
    expect([status, stderr]).toEqual([
      2,
      "error: command-argument value 'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.\n",
    ])
  })
})
