/** For bash from 3.2, the version of macOS, and without the package bash-completion. */
import {
  functionName,
  namesOf,
  quote,
  type CommandWords,
  type OptionWords,
  type ProgramWords,
} from './completion-words.ts'

export function bashCompletion(program: ProgramWords): string {
  const { name, commands, options } = program
  const own = functionName(program)
  const first = [...commands.map((command) => command.name), ...options.flatMap(namesOf)]
  return `# bash completion for ${name}. Load it: source <(${name} completion bash)
${own}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words= file
  COMPREPLY=()
  # bash makes three words of --option=value.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=(${compgen(first)})
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${valueCases(commands).join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(wordsCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F ${own} ${name}
`
}

/** The completions for the value of an option. */
function valueCases(commands: readonly CommandWords[]): string[] {
  const all = commands.flatMap((command) =>
    command.options
      .filter((option) => option.value !== undefined)
      .map((option) => ({ option, pattern: patternOf(command, option) })),
  )
  const ofChoices = all.filter(({ option }) => option.choices.length > 0)
  const ofFiles = all.filter(({ option }) => option.isFile)
  const others = all.filter((each) => !ofFiles.includes(each) && !ofChoices.includes(each))
  return [
    ...ofChoices.flatMap(({ option, pattern }) =>
      caseOf([pattern], [`COMPREPLY=(${compgen(option.choices)})`]),
    ),
    ...caseOf(
      ofFiles.map(({ pattern }) => pattern),
      [
        '# So that bash quotes spaces, and ends a folder with a slash.',
        'compopt -o filenames 2>/dev/null',
        'while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$current")',
      ],
    ),
    ...caseOf(
      others.map(({ pattern }) => pattern),
      [],
    ),
  ]
}

function patternOf(command: CommandWords, option: OptionWords): string {
  return namesOf(option)
    .map((name) => quote(`${command.name} ${name}`))
    .join(' | ')
}

function caseOf(patterns: readonly string[], lines: readonly string[]): string[] {
  if (patterns.length === 0) return []
  const pattern = patterns.join(' | \\\n      ')
  return [`    ${pattern})`, ...[...lines, 'return', ';;'].map((line) => `      ${line}`)]
}

const compgen = (words: readonly string[]) =>
  `$(compgen -W ${quote(words.join(' '))} -- "$current")`

function wordsCase({ name, options, arguments: positional }: CommandWords): string {
  const words = [...positional.flatMap(({ choices }) => choices), ...options.flatMap(namesOf)]
  return `    ${name}) words=${quote(words.join(' '))} ;;`
}
