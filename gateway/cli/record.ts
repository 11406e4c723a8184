/** `record`: writes redacted copies of the next verified requests of a running gateway to a file. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

import { z } from 'zod'

import type { Environment } from '../config/read/resolve-keys.ts'
import { notations, readQuantity } from '../config/schema/units.ts'
import { publishedTestKey } from '../recording/test-key.ts'
import { plainError } from '../redact/safe-text.ts'
import { version } from '../version.ts'
import { messageOf, printError, printText } from './print.ts'
import { readOpsUrl, readToken, sendToOps, type RunningGatewayOptions } from './running-gateway.ts'

export interface RecordOptions extends RunningGatewayOptions {
  readonly requests: string
  readonly output: string
  readonly timeout: string
  readonly force?: boolean
}

const POLL_EVERY_MS = 500

const count = z.number().int().min(0)

const startedSchema = z.object({ id: z.string() })

const progressSchema = z.object({
  requests: z.array(z.looseObject({ receivedAtMs: z.number() })),
  leftOut: z.object({ bodyTooLarge: count, notRedactable: count }),
  ended: z.enum(['complete', 'timeout', 'full', 'abandoned']).optional(),
})

type Progress = z.output<typeof progressSchema>

/** @returns 0 with as many requests as wanted, 1 with fewer, 2 if nothing could be recorded. */
export async function record(options: RecordOptions, env: Environment): Promise<number> {
  let file: number | undefined
  try {
    const gateway = new RecordingGateway(
      readOpsUrl(options.url),
      neededToken(options.tokenEnv, env),
    )
    const query = `requests=${readRequests(options.requests)}&timeout=${readTimeout(options.timeout)}`
    file = createFile(options)
    const recording = await collect(gateway, query)
    const { requests, ended } = recording
    if (requests.length === 0) throw new Error('no verified request came in time')
    writeSync(file, linesOf(recording))
    const missing = ended === 'complete' ? '' : `, of ${options.requests} (${endings[ended]})`
    printText(`${options.output}: ${String(requests.length)} requests${missing}`)
    return ended === 'complete' ? 0 : 1
  } catch (error) {
    if (file !== undefined) rmSync(options.output, { force: true })
    printError(messageOf(error))
    return 2
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const endings = {
  timeout: 'no more came in time',
  full: 'the recording has reached its size',
  abandoned: 'the gateway ended it',
}

interface Recording extends Progress {
  readonly ended: NonNullable<Progress['ended']>
}

async function collect(gateway: RecordingGateway, query: string): Promise<Recording> {
  const { id } = startedSchema.parse(await gateway.post(query))
  const requests: Progress['requests'] = []
  const leftOut = { bodyTooLarge: 0, notRedactable: 0 }
  for (;;) {
    const progress = progressSchema.parse(await gateway.post(`id=${id}`))
    requests.push(...progress.requests)
    leftOut.bodyTooLarge += progress.leftOut.bodyTooLarge
    leftOut.notRedactable += progress.leftOut.notRedactable
    const { ended } = progress
    if (ended !== undefined) return { requests, leftOut, ended }
    await delay(POLL_EVERY_MS)
  }
}

/** The first line says what the others are. */
function linesOf({ requests, leftOut }: Recording): string {
  const header = {
    recording: 'inngest-gateway',
    format: 1,
    gatewayVersion: version,
    recordedOn: new Date().toISOString().slice(0, 10),
    requests: requests.length,
    leftOut,
    signingKey: publishedTestKey,
  }
  const inOrder = requests.toSorted((one, other) => one.receivedAtMs - other.receivedAtMs)
  return [header, ...inOrder].map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** Only for its owner to read, and created before anything is recorded. */
function createFile({ output, force }: RecordOptions): number {
  try {
    if (force === true) rmSync(output, { force: true })
    return openSync(output, 'wx', 0o600)
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const why = isThere ? 'exists; give --force to replace it' : plainError(error)
    throw new Error(`--output: ${output}: ${why}`, { cause: error })
  }
}

class RecordingGateway {
  readonly #url: URL
  readonly #token: string

  constructor(url: URL, token: string) {
    this.#url = url
    this.#token = token
  }

  /** @throws with what to do, if the gateway refuses. */
  async post(query: string): Promise<unknown> {
    const target = new URL(`/recording?${query}`, this.#url)
    const { status, body } = await sendToOps(target, 'POST', this.#token).catch(
      (error: unknown) => {
        throw new Error(`cannot reach ${this.#url.origin}: ${plainError(error)}`, { cause: error })
      },
    )
    if (status === 200 || status === 201) return JSON.parse(body)
    const remedy = REMEDIES[status] ?? body.trim()
    throw new Error(`${this.#url.origin} responds with ${String(status)}: ${remedy}`)
  }
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'the token is another one: set the variable of --token-env to that of the status page',
  403: 'set ops.statusPage.token and restart the gateway',
  405: 'set ops.statusPage.enabled: true and restart the gateway',
  409: 'another recording is in progress: wait until it has ended',
  410: 'the recording has ended',
}

function neededToken(name: string, env: Environment): string {
  const token = readToken(name, env)
  if (token !== undefined) return token
  throw new Error(`--token-env: set the variable ${name} to the token of the status page`)
}

function readRequests(written: string): string {
  if (/^[1-9]\d{0,2}$/.test(written) && Number(written) <= 500) return written
  throw new Error(`--requests: expected a number from 1 to 500, found ${JSON.stringify(written)}`)
}

function readTimeout(written: string): string {
  const bounds = { minimum: '1s', maximum: '1h', fallback: '5m' }
  const reading = readQuantity(written, notations.Ms, bounds)
  if (reading.ok) return String(Math.ceil(reading.value / 1000))
  throw new Error(`--timeout: expected ${reading.expected}, found ${JSON.stringify(written)}`)
}
