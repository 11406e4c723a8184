/** Starts the runs of the workload, and waits until all have ended or time is over. */
import { setTimeout as delay } from 'node:timers/promises'

import { isDurableResult, type LiveApp } from './app.ts'
import { endpointUrlOf } from './configuration.ts'
import type { StartedServer } from './inngest-server.ts'
import type { Outcome } from './observed.ts'
import { eventOf, kinds, userRequests, type Kind } from './workload.ts'

export interface Parts {
  readonly app: LiveApp
  readonly server: StartedServer
  /** Of the gateway. */
  readonly port: number
  readonly deadlineMs: number
}

interface Started {
  readonly kind: Kind
  readonly id: string
  /** That the server gave the event. */
  readonly eventId: string
  statuses: readonly string[]
}

export async function runWorkload(parts: Parts): Promise<readonly Outcome[]> {
  const [users, runs] = await Promise.all([
    Promise.all(userRequests.map((request) => runEndpoint(parts, request))),
    runFunctions(parts),
  ])
  return [...runs, ...users]
}

async function runFunctions(parts: Parts): Promise<readonly Outcome[]> {
  const started = await sendEvents(parts.app)
  await untilEnded(parts, started)
  return started.map(({ kind, id, statuses }) => ({
    kind: kind.name,
    id,
    hasEnded: parts.app.ended.has(id),
    statuses: kind.isBatch === true ? undefined : statuses,
    fails: kind.fails === true,
  }))
}

async function sendEvents(app: LiveApp): Promise<readonly Started[]> {
  const due = kinds.flatMap((kind) =>
    Array.from({ length: kind.events }, (_, at) => ({ kind, id: `${kind.name}-${String(at)}` })),
  )
  return await Promise.all(
    due.map(async ({ kind, id }) => {
      const data = { id, ...(kind.text !== undefined && { text: kind.text }) }
      return { kind, id, eventId: await app.send(eventOf(kind.name), data), statuses: [] }
    }),
  )
}

async function untilEnded({ app, server, deadlineMs }: Parts, started: readonly Started[]) {
  let open = started
  while (open.length > 0 && Date.now() < deadlineMs) {
    await delay(1000)
    server.check()
    for (const one of open) await follow(app, server, one)
    open = open.filter((one) => !isOver(app, one))
  }
}

async function follow(app: LiveApp, server: StartedServer, started: Started): Promise<void> {
  const { kind, id, eventId } = started
  if (app.ended.has(id)) started.statuses = await server.statusesOf(eventId)
  else if (kind.reply !== undefined) await app.send(kind.reply, { id })
}

function isOver(app: LiveApp, { kind, id, statuses }: Started): boolean {
  if (!app.ended.has(id)) return false
  if (kind.isBatch === true) return true
  return statuses.length > 0 && statuses.every((status) => status !== 'Running')
}

type UserRequest = (typeof userRequests)[number]

/** As a user's browser does it: the endpoint sends it to where the result will be. */
async function runEndpoint(
  { port, deadlineMs }: Parts,
  { id, method, ...rest }: UserRequest,
): Promise<Outcome> {
  const outcome = { kind: 'durable', id, statuses: undefined, fails: false }
  const first = await fetch(endpointUrlOf(port, id), {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(60_000),
    ...('body' in rest && {
      body: rest.body,
      headers: { 'content-type': 'application/json' },
    }),
  })
  const location = first.headers.get('location')
  let text = await first.text()
  while (location !== null && !isDurableResult(text) && Date.now() < deadlineMs) {
    await delay(500)
    text = await textAt(location)
  }
  const hasEnded = isDurableResult(text)
  const detail = `the endpoint responded ${String(first.status)}, in the end: ${text.slice(0, 200)}`
  return { ...outcome, hasEnded, ...(!hasEnded && { detail }) }
}

/** Empty until there is one. */
async function textAt(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
  return (await response?.text()) ?? ''
}
