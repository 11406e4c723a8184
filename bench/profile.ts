/** Where the gateway's CPU goes: a profile of one cell, summed up by function and by origin. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

import { gatewaySource, type Candidate } from './candidates.ts'
import { cellsNamed, type Cell } from './cells.ts'
import { runCommand } from './command.ts'
import type { Options } from './options.ts'
import { buildGoPrograms, requirePrograms, scratchFolder, type GoPrograms } from './prepare.ts'
import { pinThisProcess } from './processes.ts'
import { originOf, selfTimes, type Profile } from './self-times.ts'
import { SignedLoad } from './signed-load.ts'
import { startCell, stopAll } from './start-cell.ts'
import { markdown } from './table.ts'
import { runWrk } from './wrk.ts'

const USAGE = `npm run bench:profile -- [options]
  --cells A,B      these cells; 2 KB with 64 connections, kept and one for each call, by default
  --cores A,B      of the gateway, and of load generator and upstream; 0,1 by default
  --output FOLDER  where the profiles go; bench/results by default
  --help`

const CELLS = ['2k-canonical-keepalive-64', '2k-canonical-close-64']
const SHOWN = 15
const WARM_UP_SECONDS = 10
const SECONDS = 6
/** The load after the warm-up, and what stopping takes. */
const LAST_MICROS = SECONDS * 1e6
const MOST_REQUESTS_PER_SECOND = 20_000

async function profileCell(
  cell: Cell,
  options: Options,
  programs: GoPrograms,
  scratch: string,
): Promise<Profile> {
  const folder = path.join(scratch, cell.name)
  mkdirSync(folder)
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  const profiled: Candidate = {
    name: 'gateway',
    label: 'the gateway, being profiled',
    checks: 'all',
    isReplayProof: true,
    start: (context) => gatewaySource(context, flags),
    programs: ['wrk', 'go'],
  }
  requirePrograms([profiled])
  const running = await startCell(cell, [profiled], { options, programs, folder })
  try {
    const load = new SignedLoad(cell, folder)
    for (const { port } of running.contestants) {
      for (const seconds of [WARM_UP_SECONDS, SECONDS]) {
        await runWrk(port, cell, seconds, load.write(MOST_REQUESTS_PER_SECOND * seconds))
      }
    }
  } finally {
    // Ending, it writes its profile.
    await stopAll(running)
  }
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error('the gateway wrote no profile')
  mkdirSync(options.output, { recursive: true })
  const kept = path.join(options.output, `${cell.name}.cpuprofile`)
  copyFileSync(path.join(folder, file), kept)
  return JSON.parse(readFileSync(kept, 'utf8')) as Profile
}

function show(cell: Cell, profile: Profile): void {
  const byFunction = selfTimes(profile, LAST_MICROS, ({ functionName, url }) => {
    const place = url === '' ? '' : ` ${shortened(url)}`
    return `${functionName || '(anonymous)'}${place}`
  })
  const byOrigin = selfTimes(profile, LAST_MICROS, originOf)
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  console.log(`### ${cell.name}\n`)
  const functions = byFunction.slice(0, SHOWN).map(([name, share]) => [name, percent(share)])
  console.log(`${markdown([['function', 'self'], ...functions])}\n`)
  const origins = byOrigin.map(([name, share]) => [name, percent(share)])
  console.log(`${markdown([['origin', 'self'], ...origins])}\n`)
}

function shortened(url: string): string {
  const root = new URL('..', import.meta.url).href
  return url.replace(root, '').replace(/^.*node_modules\//, '')
}

async function profileAll(options: Options): Promise<void> {
  const scratch = scratchFolder()
  try {
    const programs = buildGoPrograms(scratch)
    pinThisProcess(options.cores.load)
    for (const cell of options.cells) {
      show(cell, await profileCell(cell, options, programs, scratch))
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

await runCommand({ usage: USAGE, cells: cellsNamed(CELLS), run: profileAll })
