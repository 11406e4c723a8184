/** The words of a command line, for the completion scripts of all shells. */
export interface OptionWords {
  /** `-c` */
  readonly short: string | undefined
  /** `--config` */
  readonly long: string | undefined
  readonly description: string
  /** The name of its value; undefined if it has none. */
  readonly value: string | undefined
  readonly isFile: boolean
  /** The allowed values, if they are listed. */
  readonly choices: readonly string[]
  readonly isRepeatable: boolean
}

export interface CommandWords {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionWords[]
  readonly arguments: readonly { readonly name: string; readonly choices: readonly string[] }[]
}

export interface ProgramWords extends Omit<CommandWords, 'arguments'> {
  readonly commands: readonly CommandWords[]
}

/** `['-c', '--config']` */
export function namesOf({ short, long }: OptionWords): string[] {
  return [short, long].filter((name) => name !== undefined)
}

/** The name of a shell function. */
export function functionName({ name }: ProgramWords): string {
  return `_${name.replaceAll(/\W/g, '_')}`
}

/** For bash and zsh. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
