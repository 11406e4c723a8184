/** The measured comparison, in one command: README.md here says how to read it. */
import { rmSync } from 'node:fs'

import { candidates, type Candidate } from './candidates.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { report } from './report.ts'
import { runCell, type CellResult } from './run-cell.ts'
import { cellTable } from './table.ts'

const USAGE = `npm run bench -- [options]
  --quick          one round of one second, the two cells of 2 KB that the targets name
  --all            every combination of body, form, connection and connections
  --cells A,B      these cells only
  --with NAME      add a candidate that is left out otherwise: source
  --without NAME   leave a candidate out, as often as needed
  --rounds N       8 by default
  --seconds N      of one candidate in one round; 3 by default
  --cores A,B      of the proxies, and of load generator and upstream; 0,1 by default
  --output FOLDER  bench/results by default
  --help`

function chosenCandidates({ including, without }: Options): Candidate[] {
  const named = [...including, ...without]
  const unknown = named.find((name) => !candidates.some((known) => known.name === name))
  if (unknown !== undefined) throw new Error(`no candidate is called ${unknown}`)
  return candidates.filter(
    ({ name, isOptional = false }) =>
      !without.includes(name) && (!isOptional || including.includes(name)),
  )
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

await runCommand({ usage: USAGE, rounds: 8, run: bench })
