/** Reads the status of a running gateway, for commands that report its observations. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import type { z } from 'zod'

import type { Environment } from '../config/read/resolve-keys.ts'
import { plainError } from '../redact/safe-text.ts'

/** The options that name the gateway and its token. */
export interface RunningGatewayOptions {
  /** URL of the ops listener. */
  readonly url: string
  /** Name of the environment variable with the token of the status page. */
  readonly tokenEnv: string
}

const TIMEOUT_MS = 10_000

/**
 * @param schema of the required part of `/status.json`.
 * @throws with a message that says what to do, if the status cannot be read.
 */
export async function readStatusOf<T>(
  { url, tokenEnv }: RunningGatewayOptions,
  env: Environment,
  schema: z.ZodType<T>,
): Promise<T> {
  const ops = URL.parse(url)
  if (ops?.protocol !== 'http:') {
    const found = JSON.stringify(url)
    throw new Error(`--url: expected one such as http://127.0.0.1:9090, found ${found}`)
  }
  const target = new URL('/status.json', ops)
  const { status, body } = await fetchStatus(target, env[tokenEnv]?.trim())
  if (status !== 200) throw new Error(`${target.href} ${remedyFor(status, tokenEnv, body)}`)
  const parsed = schema.safeParse(documentOf(body))
  if (parsed.success) return parsed.data
  throw new Error(
    `${target.href} is not the status of this version of inngest-gateway: run the command of the version that is running`,
  )
}

function remedyFor(status: number, tokenEnv: string, body: string): string {
  switch (status) {
    case 401:
      return `needs the status token: set the variable ${tokenEnv} to it, or name another one with --token-env`
    case 403:
      return 'refuses this host name: use an IP address or localhost in --url, or set ops.statusPage.token'
    case 404:
      return 'is not there: set ops.statusPage.enabled: true and restart the gateway'
    default:
      return `responds with ${String(status)}: ${body.trim()}`
  }
}

interface Fetched {
  readonly status: number
  readonly body: string
}

async function fetchStatus(target: URL, token: string | undefined): Promise<Fetched> {
  try {
    const headers = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }
    // An agent of its own: the global one may use a proxy (NODE_USE_ENV_PROXY).
    const options = { headers, agent: new Agent(), signal: AbortSignal.timeout(TIMEOUT_MS) }
    const [response] = (await once(get(target, options), 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, body: await text(response) }
  } catch (error) {
    throw new Error(`cannot reach ${target.href}: ${plainError(error)}`, { cause: error })
  }
}

function documentOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
