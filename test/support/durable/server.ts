/**
 * Replaces the parts of Inngest's server that a durable endpoint needs: the API that the SDK reports to, and
 * the executor that calls the endpoint again. Modelled after the open-source server (inngest/inngest):
 * `pkg/api/apiv1/checkpoint.go` (new run, steps, output), `pkg/coreapi/coreapi.go` (actions, batch),
 * `pkg/execution/driver/httpv2/httpv2.go` (which responses it takes for results), and after the requests of JS
 * SDK 4.24.0 and inngestgo 0.16.0. Omitted: queues, times, retries, redirects of the endpoint, streams to
 * users.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import { send, type Answer } from '../sender.ts'
import { reEntryOf, type ReEntry } from './re-entry.ts'
import { newRun, report, type Due, type HttpEvent, type Operation, type Run } from './run.ts'

export interface Sent extends ReEntry {
  readonly run: Run
  readonly stepId: string | undefined
  readonly answer: Answer
}

export interface InngestServer {
  readonly url: string
  /** In the order in which the app reported them. */
  readonly runs: readonly Run[]
  /** Every re-entry that got a response, in the order of the responses. */
  readonly sent: readonly Sent[]
  /** Waits until no re-entry is due, or the limit is reached. */
  idle(): Promise<void>
  stop(): void
}

export interface InngestServerOptions {
  readonly key: string
  /** The port on loopback to which the domain of an endpoint resolves. */
  readonly resolve: () => number
  /** The maximum number of re-entries that it sends. */
  readonly limit?: number
}

export async function startInngestServer(options: InngestServerOptions): Promise<InngestServer> {
  const runs: Run[] = []
  const executor = startExecutor(options)
  const server = createServer((request, response) => {
    void respond(request, runs, executor.enqueue, options.key).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    runs,
    sent: executor.sent,
    idle: executor.idle,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

type Enqueue = (run: Run, due: readonly Due[]) => void

function startExecutor({ key, resolve, limit = 500 }: InngestServerOptions) {
  const sent: Sent[] = []
  const underway = new Set<Promise<void>>()
  let dispatched = 0

  async function dispatch(run: Run, due: Due, atSeconds: number): Promise<void> {
    dispatched += 1
    const reEntry = reEntryOf(run, due, { key, dispatch: dispatched, atSeconds })
    const answer = await send({ port: resolve(), ...reEntry })
    sent.push({ ...reEntry, run, stepId: due === 'discovery' ? undefined : due.stepId, answer })
    enqueue(run, resultOf(run, answer))
  }

  const enqueue: Enqueue = (run, due) => {
    // Steps that are reported together are signed in the same second.
    const atSeconds = Math.floor(Date.now() / 1000)
    for (const one of due) {
      if (dispatched === limit) return
      const dispatching = dispatch(run, one, atSeconds).finally(() => underway.delete(dispatching))
      underway.add(dispatching)
    }
  }

  async function idle(): Promise<void> {
    while (underway.size > 0) await Promise.all(underway)
  }

  return { sent, enqueue, idle }
}

/**
 * Applies the response to a re-entry to the run. A response that is not from the SDK would be retried, but is
 * not here.
 */
function resultOf(run: Run, { status, headers, body }: Answer): readonly Due[] {
  if (headers['x-inngest-sdk'] === undefined || status > 299) return []
  if (status !== 206) {
    // The endpoint's own response instead of operations: the Go SDK ends a run in this way.
    run.output = { status, body }
    return []
  }
  const operations = JSON.parse(body) as Operation | readonly Operation[]
  return report(run, [operations].flat(), 're-entry')
}

interface Reported {
  readonly run_id: string
  readonly event: HttpEvent
  readonly steps: readonly Operation[]
}

interface ApiResponse {
  readonly status: number
  readonly body: string
}

const json = (value: unknown): ApiResponse => ({ status: 200, body: JSON.stringify(value) })

async function respond(
  request: IncomingMessage,
  runs: Run[],
  enqueue: Enqueue,
  key: string,
): Promise<ApiResponse> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const { id, what } = resourceOf(pathname)
  const body = await text(request)
  const run = runs.find((one) => one.id === id)
  if (what === 'output') return outputOf(run, searchParams.get('token'))
  if (!isKeyOf(request.headers.authorization, key)) return { status: 401, body: '{}' }
  // The SDK also sends the user's stream there, even if it is empty.
  if (pathname === '/v1/realtime/publish/tee') return json({})
  if (id === undefined) return startRun(JSON.parse(body) as Reported, runs, enqueue)
  if (run === undefined) return { status: 404, body: '{"error":"no such run","status":404}' }
  if (what === 'actions') return json(run.steps)
  if (what === 'batch') return json([run.event])
  enqueue(run, report(run, (JSON.parse(body) as Reported).steps, 'user request'))
  return json({})
}

/** The JS SDK reports to `/v1/checkpoint`, the Go SDK to its older name (`CheckpointRoutePrefixes`). */
const RESOURCE =
  /^\/(?:v1\/checkpoint|v1\/http\/runs|v0\/runs)(?:\/(?<id>[^/]+)\/(?<what>actions|batch|output|steps))?$/

function resourceOf(pathname: string): { readonly id?: string; readonly what?: string } {
  return RESOURCE.exec(pathname)?.groups ?? {}
}

function startRun({ run_id, event, steps }: Reported, runs: Run[], enqueue: Enqueue): ApiResponse {
  const run = newRun(run_id, event)
  runs.push(run)
  enqueue(run, report(run, steps, 'user request'))
  const fn_id = '85fb1953-e46a-51dd-9c27-585df04059ac'
  return json({ data: { fn_id, app_id: fn_id, run_id, token: tokenOf(run), realtime_token: 'rt' } })
}

/** The real server waits for the end of the run, for at most five minutes. Here the test waits, with `idle`. */
function outputOf(run: Run | undefined, token: string | null): ApiResponse {
  if (run === undefined || token !== tokenOf(run)) return { status: 401, body: '{}' }
  return run.output ?? json({ status: 'running' })
}

const tokenOf = (run: Run) => `token-of-${run.id}`

/** The Go SDK sends the key, the JS SDK its hash (`pkg/authn/signing_key_strategy.go` accepts both). */
function isKeyOf(authorization: string | undefined, key: string): boolean {
  const [, prefix = '', bare = ''] = /^(signkey-\w+-)(.*)$/.exec(key) ?? []
  const hash = createHash('sha256').update(Buffer.from(bare, 'hex')).digest('hex')
  return authorization === `Bearer ${key}` || authorization === `Bearer ${prefix}${hash}`
}
