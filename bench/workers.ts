/**
 * Two workers beside one, all on one core. Where load and app have no cores of their own, calls a second
 * say little; what a call costs in all processes of a gateway tells what two cores could carry.
 */
import { rmSync } from 'node:fs'

import { candidates, gateway, type Candidate } from './candidates.ts'
import { cellsNamed } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { buildGoPrograms, requirePrograms, scratchFolder } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { runCell, type CellResult } from './run-cell.ts'
import { cellTable } from './table.ts'

const USAGE = `npm run bench:workers -- [options]
  --cells A,B      these cells; 2 KB with 64 connections, kept and one for each call, by default
  --rounds N       5 by default
  --seconds N      of one candidate in one round; 3 by default
  --cores A,B      of the gateways, and of load generator and upstream; 0,1 by default
  --help`

const CELLS = ['2k-canonical-keepalive-64', '2k-canonical-close-64']

async function compare(options: Options): Promise<void> {
  const bare = candidates.filter(({ name }) => name === 'bare')
  const chosen = [withWorkers(1), withWorkers(2), ...bare]
  requirePrograms(chosen)
  const folder = scratchFolder()
  try {
    const programs = buildGoPrograms(folder)
    pinThisProcess(options.cores.load)
    for (const cell of options.cells) {
      const result = await runCell(cell, chosen, { options, programs, folder })
      console.log(`\n${cellTable(result)}`)
      const times = 2 * (cpuOf(result, withWorkers(1)) / cpuOf(result, withWorkers(2)))
      console.log(`two on two cores carry ${times.toFixed(2)} times what one carries on one`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function withWorkers(workers: number): Candidate {
  return {
    name: `${String(workers)}-workers`,
    label: 'the gateway, and how many processes share its port',
    checks: 'all',
    isReplayProof: true,
    start: (context) => gateway(context, [], { workers }),
    isCompiledAsItRuns: true,
    programs: ['wrk', 'go'],
  }
}

function cpuOf({ rows }: CellResult, { name }: Candidate): number {
  return rows.find(({ candidate }) => candidate === name)?.summary.cpuMicros?.median ?? NaN
}

await runCommand({ usage: USAGE, cells: cellsNamed(CELLS), run: compare })
