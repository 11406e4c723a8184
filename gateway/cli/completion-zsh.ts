/**
 * For zsh with its own completion system (`compinit`): can be sourced, or installed as `_inngest-gateway` in
 * `fpath`.
 */
import {
  functionName,
  namesOf,
  quote,
  type CommandWords,
  type OptionWords,
  type ProgramWords,
} from './completion-words.ts'

export function zshCompletion(program: ProgramWords): string {
  const { name, commands, options } = program
  const own = functionName(program)
  return `#compdef ${name}
# zsh completion for ${name}. Load it: source <(${name} completion zsh)
${own}() {
  local ret=1
  if ((CURRENT == 2)); then
    local -a commands=(
${commands.map((command) => `      ${quote(`${command.name}:${command.description}`)}`).join('\n')}
    )
    _describe -t commands command commands && ret=0
    _arguments ${specsOf(options)} && ret=0
    return ret
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == ${own} ]]; then
  ${own} "$@"
else
  compdef ${own} ${name}
fi
`
}

function commandCase({ name, options, arguments: positional }: CommandWords): string {
  const words = positional.map((argument) =>
    quote(`:${escaped(argument.name)}:(${argument.choices.join(' ')})`),
  )
  return `    ${name}) _arguments ${[specsOf(options), ...words].join(' ')} ;;`
}

function specsOf(options: readonly OptionWords[]): string {
  return options.flatMap(optionSpecs).map(quote).join(' ')
}

/** In the format of `_arguments`, zshcompsys(1). */
function optionSpecs(option: OptionWords): string[] {
  const { description, value, isFile, choices, isRepeatable } = option
  const names = namesOf(option)
  const action = isFile ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' '
  const taken = value === undefined ? '' : `:${escaped(value)}:${action}`
  const lead = isRepeatable ? '*' : `(${names.join(' ')})`
  return names.map((name) => {
    const mark = value === undefined ? '' : name.startsWith('--') ? '=' : '+'
    return `${lead}${name}${mark}[${escaped(description)}]${taken}`
  })
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]\\:]/g, (character) => `\\${character}`)
}
