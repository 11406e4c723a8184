/** Writes a run down: everything as JSON, CPU as a chart, and what became of the targets. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import path from 'node:path'

import { chart } from './chart.ts'
import type { Options } from './options.ts'
import type { CellResult } from './run-cell.ts'
import { targetTable } from './table.ts'
import { judge } from './targets.ts'

/** @returns the table of the targets; empty if the run says nothing of any. */
export function report(results: readonly CellResult[], startedAt: Date, options: Options): string {
  const targets = judge(results)
  const [cpu] = cpus()
  const { rounds, seconds, cores } = options
  const whole = {
    startedAt: startedAt.toISOString(),
    machine: { cpu: cpu?.model, cores: cpus().length, linux: release(), node: process.version },
    settings: { rounds, seconds, cores },
    targets,
    cells: results,
  }
  mkdirSync(options.output, { recursive: true })
  const write = (name: string, text: string) => {
    writeFileSync(path.join(options.output, name), text)
  }
  write('latest.json', `${JSON.stringify(whole, undefined, 2)}\n`)
  write('latest.svg', chart(results))
  return targetTable(targets)
}
