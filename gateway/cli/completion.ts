/** `completion`: prints a script for a shell that completes the commands of this program. */
import type { Command, Option } from 'commander'

import { bashCompletion } from './completion-bash.ts'
import { fishCompletion } from './completion-fish.ts'
import type { CommandWords, OptionWords, ProgramWords } from './completion-words.ts'
import { zshCompletion } from './completion-zsh.ts'

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

export type Shell = keyof typeof writers

export function completion(program: Command, shell: Shell): void {
  process.stdout.write(completionScript(program, shell))
}

/** @param program the source of all words, so that none can be missing. */
export function completionScript(program: Command, shell: Shell): string {
  return writers[shell](wordsOf(program))
}

function wordsOf(program: Command): ProgramWords {
  const names = program.commands.map((command) => command.name())
  const commands = program.commands.map((command) => ({
    ...commandWords(command),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      // `help run`
      choices: argument.name() === 'command' ? names : (argument.argChoices ?? []),
    })),
  }))
  return { ...commandWords(program), commands }
}

function commandWords(command: Command): Omit<CommandWords, 'arguments'> {
  return {
    name: command.name(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(optionWords),
  }
}

function optionWords(option: Option): OptionWords {
  const placeholder = /<(.+)>/.exec(option.flags)?.[1]
  return {
    short: option.short,
    long: option.long,
    description: option.description,
    value: placeholder,
    isFile: placeholder === 'file',
    choices: option.argChoices ?? [],
    // Options that `collect` in main.ts collects.
    isRepeatable: Array.isArray(option.defaultValue),
  }
}
