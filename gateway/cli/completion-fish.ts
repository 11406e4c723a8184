/** For fish from 3.0. */
import type { CommandWords, OptionWords, ProgramWords } from './completion-words.ts'

export function fishCompletion({ name, commands, options }: ProgramWords): string {
  const complete = (condition: string, rest: string) =>
    `complete -c ${name} -n ${quote(condition)} ${rest}`
  const start = '__fish_use_subcommand'
  const lines = [
    `# fish completion for ${name}. Load it: ${name} completion fish | source`,
    // Files only where an option takes one.
    `complete -c ${name} -f`,
    ...options.map((option) => complete(start, optionOf(option))),
    ...commands.map((command) =>
      complete(start, `-a ${command.name} -d ${quote(command.description)}`),
    ),
    ...commands.flatMap((command) =>
      wordsOf(command).map((rest) => complete(`__fish_seen_subcommand_from ${command.name}`, rest)),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function wordsOf({ options, arguments: positional }: CommandWords): string[] {
  const choices = positional.flatMap((argument) => argument.choices)
  return [
    ...(choices.length > 0 ? [`-a ${quote(choices.join(' '))}`] : []),
    ...options.map(optionOf),
  ]
}

function optionOf({ short, long, description, value, isFile, choices }: OptionWords): string {
  return [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
    ...(value === undefined ? [] : [isFile ? '-r -F' : '-x']),
    ...(choices.length > 0 ? [`-a ${quote(choices.join(' '))}`] : []),
    `-d ${quote(description)}`,
  ].join(' ')
}

/** In single quotes, fish treats a backslash as an escape only before a quote or another backslash. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`
}
