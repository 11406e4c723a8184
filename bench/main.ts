/** The measured comparison, in one command: README.md here says how to read it. */
import { rmSync } from 'node:fs'

import { candidates, type Candidate } from './candidates.ts'
import { parseOptions, usage, type Options } from './options.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { report } from './report.ts'
import { runCell, type CellResult } from './run-cell.ts'
import { cellTable } from './table.ts'

function chosenCandidates({ without }: Options): Candidate[] {
  const unknown = without.find((name) => !candidates.some((known) => known.name === name))
  if (unknown !== undefined) throw new Error(`no candidate is called ${unknown}`)
  return candidates.filter(({ name }) => !without.includes(name))
}

async function bench(options: Options): Promise<void> {
  const chosen = chosenCandidates(options)
  requirePrograms(chosen)
  const startedAt = new Date()
  const folder = scratchFolder()
  try {
    const programs = buildGoPrograms(folder)
    pinThisProcess(options.cores.load)
    const results: CellResult[] = []
    for (const cell of options.cells) {
      const result = await runCell(cell, chosen, { options, programs, folder })
      results.push(result)
      console.log(`\n${cellTable(result)}`)
      // After each cell, so that a run that is broken off has not been for nothing.
      report(results, startedAt, options)
    }
    console.log(`\n${report(results, startedAt, options)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) console.log(usage)
  else await bench(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
