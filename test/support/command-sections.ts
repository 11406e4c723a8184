/** The sections of docs/reference/command-line.md, from the program that reads the arguments. */
import type { Argument, Command, Option } from 'commander'

import { examplesOf } from '../../gateway/cli/examples.ts'
import { program } from '../../gateway/cli/program.ts'
import { table } from './markdown.ts'

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

function defaultOf({ defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? ` (default: \`${defaultValue}\`)` : ''
}

/** The choices of an argument are listed. */
function argumentRow(argument: Argument): readonly string[] {
  const { description, argChoices = [] } = argument
  const choices = argChoices.length === 0 ? '' : `: ${argChoices.join(', ')}`
  const written = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`
  return [`\`${written}\``, `${description}${choices}`]
}

function optionRow(option: Option): readonly string[] {
  const needed = option.mandatory ? ' (required)' : ''
  return [`\`${option.flags}\``, `${option.description}${needed}${defaultOf(option)}`]
}

function commandSection(command: Command): string {
  const rows = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)]
  const parts = [
    `### ${command.name()}`,
    sentence(command.description()),
    rows.length === 0 ? '' : table(['argument or option', 'meaning'], rows),
    `\`\`\`sh\n${examplesOf(command.name()).join('\n')}\n\`\`\``,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

export function commandSections(): string {
  return program.commands.map(commandSection).join('\n\n')
}
