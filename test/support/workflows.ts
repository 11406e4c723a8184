/** The hosted workflows of .github, as far as tests need them. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { parse } from 'yaml'

export interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly 'working-directory'?: string
}

export interface Job {
  readonly needs?: string | readonly string[]
  readonly uses?: string
  readonly container?: { readonly image: string }
  readonly environment?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps?: readonly Step[]
}

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: Readonly<Record<string, string>>
  readonly defaults?: { readonly run: { readonly shell: string } }
  readonly env?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

export const workflowFiles = globSync('.github/workflows/*').toSorted()

export function readWorkflow(name: string): Workflow {
  return parse(readFileSync(path.join('.github/workflows', `${name}.yml`), 'utf8')) as Workflow
}

export function jobOf(workflow: Workflow, name: string): Job {
  const job = workflow.jobs[name]
  if (job === undefined) throw new Error(`there is no job ${name}`)
  return job
}

export function needsOf({ needs = [] }: Job): readonly string[] {
  return typeof needs === 'string' ? [needs] : needs
}

/** @returns all jobs that end before this one begins. */
export function precedingJobs(workflow: Workflow, name: string): ReadonlySet<string> {
  const direct = needsOf(jobOf(workflow, name))
  return new Set(direct.flatMap((one) => [one, ...precedingJobs(workflow, one)]))
}
