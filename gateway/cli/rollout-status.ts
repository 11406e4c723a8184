/** `rollout-report --url`: what a running gateway has counted since it started, from its status page. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import { z } from 'zod'

import { reportableChecks } from '../admit/route-checks.ts'
import { plainError } from '../redact/safe-text.ts'
import type { RequestKind } from '../rollout/check-rows.ts'
import type { RouteSeen } from '../rollout/seen.ts'

const TIMEOUT_MS = 10_000

const count = z.number().int().min(0)
const shown = z.string().optional()

const exampleSchema = z.object({
  timeMs: z.number(),
  requestId: shown,
  remoteAddress: shown,
  clientAddress: shown,
  method: shown,
  path: shown,
  diagnosis: shown,
})

const checkSchema = z.object({
  check: z.enum([...reportableChecks, 'other']),
  requests: count,
  firstMs: z.number(),
  lastMs: z.number(),
  passed: z
    .object({ call: count, sync: count, reentry: count, request: count } satisfies Record<
      RequestKind,
      typeof count
    >)
    .partial(),
  refusals: z.array(
    z.object({
      reason: z.string(),
      count,
      strangers: count,
      refusedAnyway: count,
      firstMs: z.number(),
      lastMs: z.number(),
      examples: z.array(exampleSchema),
    }),
  ),
})

const statusSchema = z.object({
  routes: z.array(
    z.object({
      route: z.string(),
      kind: z.enum(['inngest', 'passthrough', 'durable']),
      reportMode: z.array(checkSchema),
    }),
  ),
})

/** @param token undefined if the page needs none. @throws with what to do, if it cannot be read. */
export async function readRolloutStatus(
  url: URL,
  token: string | undefined,
): Promise<readonly RouteSeen[]> {
  const target = new URL('/status.json', url)
  const { statusCode, body } = await fetchStatus(target, token)
  if (statusCode === 401) {
    throw new Error(`${target.href} needs the status token: set the variable of --token-env to it`)
  }
  if (statusCode === 404) {
    throw new Error(`${target.href} is not there: set \`ops.statusPage.enabled: true\` and restart`)
  }
  if (statusCode !== 200) {
    throw new Error(`${target.href} responds with ${String(statusCode)}: ${body.trim()}`)
  }
  const parsed = statusSchema.safeParse(documentOf(body))
  if (!parsed.success) {
    throw new Error(`${target.href} is of another version: use the rollout-report of that version`)
  }
  return parsed.data.routes.map(({ route, kind, reportMode }) => ({
    route,
    policy: kind,
    checks: reportMode,
  }))
}

interface Fetched {
  readonly statusCode: number | undefined
  readonly body: string
}

async function fetchStatus(target: URL, token: string | undefined): Promise<Fetched> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    // With an agent of its own: the one of all may be a way through a proxy (NODE_USE_ENV_PROXY).
    const options = { headers, agent: new Agent(), signal: AbortSignal.timeout(TIMEOUT_MS) }
    const [response] = (await once(get(target, options), 'response')) as [IncomingMessage]
    return { statusCode: response.statusCode, body: await text(response) }
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
