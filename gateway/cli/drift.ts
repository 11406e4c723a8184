/** `ips --drift`: the unlisted ranges that a running gateway reports, read from its status page. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import { z } from 'zod'

import type { Environment } from '../config/read/resolve-keys.ts'
import { unlistedMeaning } from '../record/unlisted-ranges.ts'
import { plainError } from '../redact/safe-text.ts'
import { messageOf, printError, printText } from './print.ts'

export interface DriftOptions {
  readonly url: string
  /** Name of the variable that holds the token of the status page. */
  readonly tokenEnv?: string
}

const TIMEOUT_MS = 5000

const reportedRange = z.object({
  range: z.string(),
  routes: z.array(z.string()),
  signatures: z.number(),
  firstMs: z.number(),
  lastMs: z.number(),
})

type ReportedRange = z.output<typeof reportedRange>

const statusSchema = z.object({ unlisted: z.array(reportedRange) })

/** @returns 0 if there is none, 1 if there are some, 2 if the gateway could not be asked. */
export async function drift({ url, tokenEnv }: DriftOptions, env: Environment): Promise<number> {
  try {
    const ranges = await readReported(url, tokenOf(tokenEnv, env))
    printText(ranges.length === 0 ? NONE : [...ranges.map(describe), HINT].join('\n'))
    return ranges.length === 0 ? 0 : 1
  } catch (error) {
    printError(messageOf(error))
    return 2
  }
}

function tokenOf(name: string | undefined, env: Environment): string | undefined {
  if (name === undefined) return undefined
  const token = env[name]?.trim()
  if (token === undefined || token === '') {
    throw new Error(`--token-env: set the variable ${name} to the token of the status page`)
  }
  return token
}

async function readReported(url: string, token: string | undefined): Promise<ReportedRange[]> {
  const { status, body } = await fetchStatus(url, token)
  const remedy = REMEDIES[status]
  if (status !== 200) {
    throw new Error(
      `${url} responds with ${String(status)}${remedy === undefined ? '' : `: ${remedy}`}`,
    )
  }
  const parsed = statusSchema.safeParse(jsonOf(body))
  if (!parsed.success)
    throw new Error(`${url} is not the status of an inngest-gateway: expected /status.json`)
  return parsed.data.unlisted
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'name the variable that holds the token with --token-env',
  403: 'use an IP address or localhost in --url, or set ops.statusPage.token',
  404: 'set ops.statusPage.enabled: true and restart the gateway',
}

async function fetchStatus(
  url: string,
  token: string | undefined,
): Promise<{ status: number; body: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    // With an agent of its own: the global one may use a proxy (NODE_USE_ENV_PROXY).
    const options = { agent: new Agent(), signal: AbortSignal.timeout(TIMEOUT_MS), headers }
    const [response] = (await once(get(url, options), 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, body: await text(response) }
  } catch (error) {
    throw new Error(`cannot reach ${url}: ${plainError(error)}`, { cause: error })
  }
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** A sentence, and nothing that could be pasted into an allowlist as it stands. */
function describe({ range, routes, signatures, firstMs, lastMs }: ReportedRange): string {
  const [first, last] = [firstMs, lastMs].map((ms) => new Date(ms).toISOString())
  return [
    unlistedMeaning(range),
    `  ${String(signatures)} different signatures from ${String(first)} to ${String(last)}, on ${routes.join(', ')}`,
  ].join('\n')
}

const NONE = 'no unlisted range: no validly signed requests came from outside the allowlist'

const HINT =
  'Do not allow a range because of this list. Compare it with what Inngest publishes: docs/how-to/unlisted-ranges.md'
