/** The functions of the workload, on the real SDK: one for each kind. */
import { Inngest, NonRetriableError, RetryAfterError } from 'inngest'
import type { endpointAdapter } from 'inngest/node'

import { eventOf } from './workload.ts'

/** Called by the last line of a function, or by its failure handler. */
export type OnEnd = (id: string) => void

const quiet = { info() {}, warn() {}, error() {}, debug() {} }

export interface ClientOptions {
  readonly id: string
  readonly signingKey: string
  readonly eventKey: string
  readonly baseUrl: string
  readonly endpointAdapter?: typeof endpointAdapter
}

export const makeClient = (options: ClientOptions) =>
  new Inngest({ ...options, isDev: false, logger: quiet })

type Client = ReturnType<typeof makeClient>

interface Data {
  readonly id: string
  readonly text?: string
}

/** As the workload sends it. */
const dataOf = ({ data }: { readonly data?: unknown }) => data as Data

const triggersOf = (kind: string) => [{ event: eventOf(kind) }]

/** More than 4 MiB with another one, so that the SDK has to fetch the state of the run. */
const HALF_OF_STATE = 'x'.repeat(2_300_000)

export function makeFunctions(client: Client, onEnd: OnEnd) {
  return [
    steps(client, 'steps', onEnd),
    parallel(client, onEnd),
    waits(client, onEnd),
    retries(client, onEnd),
    failures(client, onEnd),
    ...invocation(client, onEnd),
    batch(client, onEnd),
    largeEvent(client, onEnd),
    largeState(client, onEnd),
  ]
}

/** For the app that streams its responses. */
export const makeStreamed = (client: Client, onEnd: OnEnd) => [steps(client, 'streaming', onEnd)]

function steps(client: Client, kind: string, onEnd: OnEnd) {
  return client.createFunction(
    { id: kind, triggers: triggersOf(kind) },
    async ({ event, step }) => {
      const { id, text = '' } = dataOf(event)
      const first = await step.run('first', () => ({ text }))
      await step.sleep('pause', '1s')
      const second = await step.run('second', () => [first.text, 1.5e-9, 1e21, null])
      onEnd(id)
      return second
    },
  )
}

function parallel(client: Client, onEnd: OnEnd) {
  return client.createFunction(
    { id: 'parallel', triggers: triggersOf('parallel') },
    async ({ event, step }) => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const results = await Promise.all(names.map((name) => step.run(name, () => ({ name }))))
      await step.sleep('pause', '1s')
      const rest = await Promise.all(names.map((name) => step.run(`${name}-again`, () => name)))
      onEnd(dataOf(event).id)
      return [...results, ...rest]
    },
  )
}

/** One wait that times out, and one that ends by an event. */
function waits(client: Client, onEnd: OnEnd) {
  return client.createFunction(
    { id: 'waits', triggers: triggersOf('waits') },
    async ({ event, step }) => {
      const none = await step.waitForEvent('never', { event: 'live/never', timeout: '2s' })
      const options = { event: 'live/reply', timeout: '5m', match: 'data.id' } as const
      const reply = await step.waitForEvent('reply', options)
      if (none !== null || reply === null) throw new NonRetriableError('not what was sent')
      onEnd(dataOf(event).id)
    },
  )
}

/** A step that fails once, and then a function that fails once. */
function retries(client: Client, onEnd: OnEnd) {
  const failed = new Set<string>()
  const failOnce = (what: string) => {
    if (failed.has(what)) return
    failed.add(what)
    throw new RetryAfterError('not yet', 1000)
  }
  return client.createFunction(
    { id: 'retries', triggers: triggersOf('retries'), retries: 3 },
    async ({ event, step }) => {
      const { id } = dataOf(event)
      await step.run('flaky', () => {
        failOnce(`step ${id}`)
      })
      failOnce(`function ${id}`)
      onEnd(id)
    },
  )
}

function failures(client: Client, onEnd: OnEnd) {
  return client.createFunction(
    {
      id: 'failures',
      triggers: triggersOf('failures'),
      retries: 0,
      onFailure: ({ event }) => {
        onEnd(dataOf(event.data.event).id)
      },
    },
    () => {
      throw new NonRetriableError('as the workload wants it')
    },
  )
}

function invocation(client: Client, onEnd: OnEnd) {
  const child = client.createFunction(
    { id: 'child', triggers: triggersOf('child') },
    ({ event }) => ({ length: dataOf(event).text?.length ?? 0 }),
  )
  const parent = client.createFunction(
    { id: 'invoke', triggers: triggersOf('invoke') },
    async ({ event, step }) => {
      const { id, text = '' } = dataOf(event)
      const result = await step.invoke('child', { function: child, data: { id, text } })
      if (result.length !== text.length) throw new NonRetriableError('not what was sent')
      onEnd(id)
    },
  )
  return [child, parent]
}

function batch(client: Client, onEnd: OnEnd) {
  const batchEvents = { maxSize: 3, timeout: '2s' } as const
  return client.createFunction(
    { id: 'batch', triggers: triggersOf('batch'), batchEvents },
    ({ events }) => {
      for (const event of events) onEnd(dataOf(event).id)
      return events.length
    },
  )
}

function largeEvent(client: Client, onEnd: OnEnd) {
  return client.createFunction(
    { id: 'large-event', triggers: triggersOf('large-event') },
    async ({ event, step }) => {
      const { id, text = '' } = dataOf(event)
      const length = await step.run('measure', () => text.length)
      await step.sleep('pause', '1s')
      onEnd(id)
      return length
    },
  )
}

function largeState(client: Client, onEnd: OnEnd) {
  return client.createFunction(
    { id: 'large-state', triggers: triggersOf('large-state') },
    async ({ event, step }) => {
      const one = await step.run('one', () => HALF_OF_STATE)
      const two = await step.run('two', () => HALF_OF_STATE)
      await step.sleep('pause', '1s')
      if (one.length !== two.length) throw new NonRetriableError('not what the steps returned')
      onEnd(dataOf(event).id)
    },
  )
}
