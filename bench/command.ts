/** What the commands of the bench have in common: usage on --help, and a line for what goes wrong. */
import { defaultCells, type Cell } from './cells.ts'
import { parseOptions, type Options } from './options.ts'

export interface CommandOfBench {
  readonly usage: string
  /** Measured if none are named. */
  readonly cells?: readonly Cell[]
  readonly run: (options: Options) => Promise<void>
}

export async function runCommand(command: CommandOfBench): Promise<void> {
  try {
    const options = parseOptions(process.argv.slice(2), command.cells ?? defaultCells)
    if (options === undefined) console.log(command.usage)
    else await command.run(options)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
