/**
 * Stands in for Inngest's API and event API: registrations, the steps that a checkpointing function reports,
 * events, and what a durable endpoint needs (test/support/durable/server.ts, to which all else is forwarded).
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

import { startInngestServer, type InngestServer } from '../support/durable/server.ts'
import { keys } from './keys.ts'

export interface StandIn {
  readonly url: string
  /** The URL of each registration. */
  readonly registered: readonly string[]
  /** The ids of the steps that were reported while a function went on. */
  readonly checkpointed: readonly string[]
  readonly durable: InngestServer
  /** Where it calls a durable endpoint again. */
  callBackAt(port: number): void
  stop(): void
}

export async function startStandIn(): Promise<StandIn> {
  let callBackPort = 0
  const durable = await startInngestServer({ key: keys.current, resolve: () => callBackPort })
  const [registered, checkpointed]: [string[], string[]] = [[], []]
  const server = createServer((request, response) => {
    const respond = (body: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    void buffer(request).then(async (body) => {
      const target = request.url ?? '/'
      if (target.startsWith('/fn/register')) {
        registered.push((JSON.parse(body.toString()) as { url: string }).url)
        respond({ ok: true, modified: true })
      } else if (target.startsWith('/e/')) respond({ ids: [], status: 200 })
      else if (isOfFunction(target, durable)) {
        checkpointed.push(...stepsOf(body.toString()))
        respond({})
      } else {
        const relayed = await relay(durable.url, request, body)
        response.writeHead(relayed.status, { 'content-type': 'application/json' })
        response.end(await relayed.text())
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    registered,
    checkpointed,
    durable,
    callBackAt: (port) => (callBackPort = port),
    stop: () => {
      durable.stop()
      server.close()
      server.closeAllConnections()
    },
  }
}

const CHECKPOINT = /^\/v1\/(?:checkpoint|http\/runs)\/(?<run>[^/]+)\/(?:async|steps)$/

/** A checkpoint of a run that no durable endpoint started. */
function isOfFunction(target: string, durable: InngestServer): boolean {
  const run = CHECKPOINT.exec(target)?.groups?.['run']
  return run !== undefined && !durable.runs.some(({ id }) => id === run)
}

function stepsOf(body: string): string[] {
  const { steps } = JSON.parse(body) as { steps: { id: string }[] }
  return steps.map(({ id }) => id)
}

function relay(origin: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  return fetch(new URL(url ?? '/', origin), {
    method: method ?? 'GET',
    headers: { authorization: headers.authorization ?? '' },
    ...(method === 'POST' && { body: body.toString() }),
  })
}
