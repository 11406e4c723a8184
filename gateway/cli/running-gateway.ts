/** Requests to the ops listener of a running gateway, for commands that report or record what it does. */
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
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
  const target = new URL('/status.json', readOpsUrl(url))
  const { status, body } = await sendToOps(target, 'GET', readToken(tokenEnv, env)).catch(
    (error: unknown) => {
      throw new Error(`cannot reach ${target.href}: ${plainError(error)}`, { cause: error })
    },
  )
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

/** @throws with what to write, if `--url` cannot be that of an ops listener. */
export function readOpsUrl(written: string): URL {
  const url = URL.parse(written)
  if (url?.protocol === 'http:') return url
  const found = JSON.stringify(written)
  throw new Error(`--url: expected one such as http://127.0.0.1:9090, found ${found}`)
}

/** @returns undefined if the variable is not set, or empty. */
export function readToken(name: string, env: Environment): string | undefined {
  const token = env[name]?.trim()
  return token === '' ? undefined : token
}

interface OpsResponse {
  readonly status: number
  readonly body: string
}

/** @throws the error of the connection, if there is no complete response in time. */
export async function sendToOps(
  target: URL,
  method: 'GET' | 'POST',
  token: string | undefined,
): Promise<OpsResponse> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  // An agent of its own: the global one may use a proxy (NODE_USE_ENV_PROXY).
  const agent = new Agent()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const request = httpRequest(target, { method, headers, agent, signal })
  const responded = once(request, 'response')
  request.end()
  const [response] = (await responded) as [IncomingMessage]
  return { status: response.statusCode ?? 0, body: await text(response) }
}

function documentOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
