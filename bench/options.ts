/** The command line of the bench; each command takes those options that its usage names. */
import { parseArgs } from 'node:util'

import { allCells, cellsNamed, type Cell } from './cells.ts'

export interface Options {
  readonly cells: readonly Cell[]
  /** Names of optional candidates that are measured too. */
  readonly including: readonly string[]
  /** Names of candidates that are left out. */
  readonly without: readonly string[]
  readonly rounds: number
  /** Of one candidate in one round. */
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly cores: { readonly proxy: number; readonly load: number }
  /** Where the results go. */
  readonly output: string
  readonly onProgress: (text: string) => void
}

/**
 * @param usual what is measured if the command line does not say otherwise.
 * @returns undefined if the usage was asked for. @throws if something is misspelt.
 */
export function parseOptions(
  argv: readonly string[],
  usual: Pick<Options, 'cells' | 'rounds'>,
): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      cells: { type: 'string' },
      with: { type: 'string', multiple: true, default: [] },
      without: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      cores: { type: 'string', default: '0,1' },
      output: { type: 'string', default: `${import.meta.dirname}/results` },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const [proxy, load] = values.cores.split(',').map((core) => count('--cores', core, 0))
  if (proxy === undefined || load === undefined) throw new Error('--cores wants two numbers')
  return {
    cells: chosenCells(values, usual.cells),
    including: values.with,
    without: values.without,
    rounds: count('--rounds', values.rounds ?? (values.quick ? '1' : String(usual.rounds)), 1),
    seconds: count('--seconds', values.seconds ?? (values.quick ? '1' : '3'), 1),
    warmUpSeconds: values.quick ? 1 : 2,
    cores: { proxy, load },
    output: values.output,
    onProgress: showProgress,
  }
}

function chosenCells(
  values: { quick: boolean; all: boolean; cells?: string },
  usual: readonly Cell[],
): readonly Cell[] {
  if (values.cells !== undefined) return cellsNamed(values.cells.split(','))
  if (values.all) return allCells
  return values.quick ? usual.slice(0, 2) : usual
}

function count(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} wants a number from ${String(least)} on, not ${text}`)
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
