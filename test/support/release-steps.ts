/**
 * Runs steps of the hosted workflow for a release, with stand-ins for the programs that publish. They record
 * their arguments; the one for cosign signs with its own key.
 */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { jobOf, readWorkflow } from './workflows.ts'

const SHELL = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c']

export const imageDigest = `sha256:${'a'.repeat(64)}`
export const chartDigest = `sha256:${'b'.repeat(64)}`

const STAND_IN = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')
const { sign } = require('node:crypto')
const name = require('node:path').basename(process.argv[1])
const args = process.argv.slice(2)
const after = (option) => args[args.indexOf(option) + 1]
appendFileSync(process.env.RECORD, JSON.stringify([name, ...args]) + '\\n')
if (process.env.FAILS === name) process.exit(1)
if (args.includes('--password-stdin')) writeFileSync(process.env.RECORD + '.password', readFileSync(0))
if (args.includes('--metadata-file'))
  writeFileSync(after('--metadata-file'), JSON.stringify({ 'containerimage.digest': '${imageDigest}' }))
if (args[0] === 'push') console.error('Pushed: …\\nDigest: ${chartDigest}')
if (args[0] === 'sign-blob') {
  const signature = sign('sha256', readFileSync(args.at(-1)), readFileSync(process.env.KEY, 'utf8'))
  writeFileSync(after('--bundle'), signature)
}
`

export interface Steps {
  /** The working directory; the results of earlier jobs are in `files/`. */
  readonly folder: string
  readonly publicKey: KeyObject
  /**
   * @param failing a program that fails.
   * @returns the arguments of each started program, and the exit code of the step.
   */
  run(job: string, step: string, failing?: string): StepRun
  remove(): void
}

export interface StepRun {
  readonly code: number | null
  readonly started: readonly (readonly string[])[]
  /** The standard input of a program. */
  readonly password?: string
}

export function prepareSteps(tag: string, files: Readonly<Record<string, string>>): Steps {
  const root = mkdtempSync(path.join(tmpdir(), 'steps-'))
  const [folder, bin] = [path.join(root, 'work'), path.join(root, 'bin')]
  mkdirSync(path.join(folder, 'files'), { recursive: true })
  mkdirSync(bin)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, 'files', name), text)
  }
  for (const name of ['cosign', 'docker', 'gh', 'helm', 'npm']) {
    writeFileSync(path.join(bin, name), STAND_IN, { mode: 0o755 })
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const KEY = path.join(root, 'key.pem')
  writeFileSync(KEY, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, KEY, GITHUB_REF_NAME: tag }
  return {
    folder,
    publicKey,
    run: (job, step, failing = '') => runStep(root, job, step, { ...env, FAILS: failing }),
    remove: () => {
      rmSync(root, { recursive: true })
    },
  }
}

function runStep(root: string, jobName: string, name: string, env: Record<string, string>) {
  const workflow = readWorkflow('release')
  const step = jobOf(workflow, jobName).steps?.find((one) => one.name === name)
  if (step?.run === undefined) throw new Error(`there is no step "${name}" in ${jobName}`)
  // The shell that GitHub starts for it has pipefail.
  if (workflow.defaults?.run.shell !== 'bash') throw new Error('the steps run in another shell')
  const RECORD = path.join(root, 'record')
  for (const file of [RECORD, `${RECORD}.password`]) rmSync(file, { force: true })
  const { status } = spawnSync('bash', [...SHELL, step.run], {
    cwd: path.join(root, 'work', step['working-directory'] ?? ''),
    encoding: 'utf8',
    env: {
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      GITHUB_ACTOR: 'actor',
      ...workflow.env,
      ...step.env,
      ...env,
      RECORD,
    },
  })
  const lines = existsSync(RECORD) ? readFileSync(RECORD, 'utf8').trim().split('\n') : []
  const password = `${RECORD}.password`
  return {
    code: status,
    started: lines.map((line) => JSON.parse(line) as string[]),
    ...(existsSync(password) ? { password: readFileSync(password, 'utf8') } : {}),
  }
}
