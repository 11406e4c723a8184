/** What the commands of the bench have in common: usage on --help, and a line for what goes wrong. */
import { defaultCells, type Cell } from './cells.ts'
import { parseOptions, type Options } from './options.ts'

export interface CommandOfBench {
  readonly usage: string
  /** Measured if none are named. */
  readonly cells?: readonly Cell[]
  /** If no other number is given; 5 by default. */
  readonly rounds?: number
  readonly run: (options: Options) => Promise<void>
}

export async function runCommand(command: CommandOfBench): Promise<void> {
  try {
    const { cells = defaultCells, rounds = 5 } = command
    const options = parseOptions(process.argv.slice(2), { cells, rounds })
    if (options === undefined) console.log(command.usage)
    else await command.run(options)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
