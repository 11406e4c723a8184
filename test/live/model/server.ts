#!/usr/bin/env node
/**
 * Stands in for the program of Inngest's server, so that the harness of `npm run test:live` is run where there
 * is no such program. It shows nothing of Inngest: what it sends is a model, after the recorded traffic
 * (executor.ts) and, for durable endpoints, test/support/durable. It models `inngest start` with its options,
 * `GET /health`, signed syncs, registrations, events, runs by event, the state of a run, and checkpoints.
 */
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'

import canonicalize from 'canonicalize'

import { startInngestServer } from '../../support/durable/server.ts'
import { send, signatureHeader } from '../../support/sender.ts'
import { Executor } from './executor.ts'
import type { Operation, RegisteredFunction } from './run.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: '' },
    port: { type: 'string', default: '' },
    'signing-key': { type: 'string', default: '' },
    'event-key': { type: 'string', default: '' },
    'sdk-url': { type: 'string', multiple: true, default: [] },
    'sqlite-dir': { type: 'string', default: '' },
    'poll-interval': { type: 'string', default: '' },
    'connect-gateway-port': { type: 'string', default: '' },
    /** Only of this stand-in: where it writes what it was started with. */
    'write-arguments': { type: 'string' },
    /** Only of this stand-in: it sends each call twice. */
    'repeat-calls': { type: 'boolean', default: false },
    /** Only of this stand-in: it does not sync. */
    'no-sync': { type: 'boolean', default: false },
  },
})

if (values['write-arguments'] !== undefined) {
  const { pid, env } = process
  const seen = { positionals, values, pid, directory: process.cwd(), env: Object.keys(env) }
  writeFileSync(values['write-arguments'], JSON.stringify(seen))
}

const key = values['signing-key']
const executor = new Executor(key, values['repeat-calls'])
// The app has the key with a prefix, and the server without.
const durable = await startInngestServer({
  key: `signkey-prod-${key}`,
  resolve: () => Number(new URL(values['sdk-url'][0] ?? '').port),
})

interface Registration {
  readonly functions: readonly RegisteredFunction[]
}

const FUNCTION_RUN =
  /^\/v(?:0\/runs|1\/checkpoint)\/(?<id>[^/]+)\/(?<what>actions|batch|async|steps)$/

function respondTo(path: string, body: string): unknown {
  if (path === '/health') return { status: 200 }
  if (path === '/fn/register') {
    const { functions } = JSON.parse(body) as Registration
    for (const fn of functions) executor.functions.set(fn.id, fn)
    return { ok: true, modified: true }
  }
  if (path === `/e/${values['event-key']}`) return { ids: receive(body), status: 200 }
  const [, eventId] = /^\/v1\/events\/([^/]+)\/runs$/.exec(path) ?? []
  if (eventId !== undefined) return { data: runsOf(eventId) }
  const { id, what } = FUNCTION_RUN.exec(path)?.groups ?? {}
  const run = executor.runs.find((one) => one.id === id)
  if (run === undefined) return undefined
  if (what === 'actions') return run.steps
  if (what === 'batch') return run.events
  executor.checkpoint(run, (JSON.parse(body) as { steps: readonly Operation[] }).steps)
  return {}
}

type Sent = { readonly name: string; readonly data: Readonly<Record<string, unknown>> }

function receive(body: string): readonly string[] {
  const events = [JSON.parse(body) as Sent | readonly Sent[]].flat()
  return events.map(({ name, data }) => executor.receive(name, data))
}

function runsOf(eventId: string): readonly object[] {
  const runs = executor.runs.filter(({ events }) => events.some(({ id }) => id === eventId))
  return runs.map(({ id, status }) => ({ run_id: id, status }))
}

/** What belongs to a durable endpoint. */
async function relay({ method = 'GET', url = '/', headers }: IncomingMessage, body: string) {
  const { authorization } = headers
  const init = {
    method,
    ...(body !== '' && { body }),
    headers: { ...(authorization && { authorization }) },
  }
  const response = await fetch(new URL(url, durable.url), init)
  return { status: response.status, body: await response.text() }
}

async function respond(request: IncomingMessage) {
  const body = await text(request)
  const found = respondTo((request.url ?? '/').split('?', 1)[0] ?? '', body)
  return found === undefined
    ? await relay(request, body)
    : { status: 200, body: JSON.stringify(found) }
}

const server = createServer((request, response) => {
  void respond(request).then(({ status, body }) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
})

/** Sent in another form than signed, as the server does it (`pkg/deploy/deploy.go`). */
async function sync(url: string): Promise<void> {
  const signed = canonicalize({ url }) ?? ''
  const { port, host, pathname, search } = new URL(url)
  await send({
    port: Number(port),
    method: 'PUT',
    target: `${pathname}${search}`,
    headers: {
      host,
      'content-type': 'application/json',
      'x-inngest-server-kind': 'cloud',
      'x-inngest-signature': signatureHeader(key, signed, Math.floor(Date.now() / 1000)),
    },
    body: signed.replaceAll('&', '\\u0026'),
  })
}

server.listen(Number(values.port), values.host, () => {
  if (values['no-sync']) return
  for (const url of values['sdk-url']) void sync(url)
})
