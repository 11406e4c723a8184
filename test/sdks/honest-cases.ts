/** What an honest server sends, and what an app that works responds. */
import { isDeepStrictEqual } from 'node:util'

import { HOST, PATH, callRequest, otherRequest, sign, type Call, type Request } from './call.ts'
import { resultOf, runFunction, unwrap } from './conversation.ts'
import { durableCase } from './durable-case.ts'
import type { Response, Send } from './exchange.ts'
import type { Capability } from './find-apps.ts'
import { shapes } from './json-shapes.ts'
import { keys } from './keys.ts'
import type { Scene } from './scene.ts'

export interface Way {
  readonly send: Send
  /** Of the app itself, or of the gateway. */
  readonly port: number
  readonly scene: Scene
}

export interface HonestCase {
  readonly name: string
  readonly sends: string
  /** Apps without it are not tested. */
  readonly needs?: Capability
  readonly run: (way: Way) => Promise<readonly Response[]>
  /** Whether these are the responses of an app that works. */
  readonly accepts: (responses: readonly Response[]) => boolean
}

type Described = Pick<HonestCase, 'name' | 'sends' | 'needs'>

const SYNC_URL = `https://${HOST}${PATH}`

const twoSteps = { n: 2, from: { n: 1 } }

const hello = { text: 'hello', n: 3 }

export const outOfBandSync = single(
  { name: 'out-of-band-sync', sends: 'an out-of-band sync' },
  () => sync(SYNC_URL),
)

export const honestCases: readonly HonestCase[] = [
  runs(
    { name: 'call', sends: 'a function call' },
    { functionId: 'echo', data: hello },
    { received: hello },
  ),
  runs({ name: 'steps', sends: 'a run of two steps' }, { functionId: 'two-steps' }, twoSteps),
  runs(
    { name: 'nothing', sends: 'a call of a function that returns nothing' },
    { functionId: 'nothing' },
    null,
  ),
  {
    name: 'failure',
    sends: 'a call of a function that fails for good',
    run: ({ send }) => runFunction(send, { functionId: 'fails' }),
    accepts: (responses) => {
      const { status, headers } = lastOf(responses)
      return status >= 400 && headers['x-inngest-no-retry'] === 'true'
    },
  },
  {
    ...runs(
      {
        name: 'fallback-key',
        sends: 'a function call signed with the fallback key',
      },
      { functionId: 'echo', data: hello },
      { received: hello },
    ),
    run: ({ send }) => runFunction(send, { functionId: 'echo', data: hello }, keys.fallback),
  },
  ...Object.entries(shapes).map(([name, { sends, data }]) =>
    runs({ name: `json-${name}`, sends }, { functionId: 'echo', data }, { received: data }),
  ),
  changed(
    { name: 'reencoded', sends: 'a function call whose JSON was re-encoded in transit' },
    reencoded,
  ),
  changed({ name: 'chunked', sends: 'a function call in chunks' }, (request) => ({
    ...request,
    headers: { ...request.headers, 'Transfer-Encoding': 'chunked' },
  })),
  changed({ name: 'clock-behind', sends: 'a function call signed 60 s ago' }, (request) =>
    aged(request, 60),
  ),
  changed({ name: 'clock-ahead', sends: 'a function call signed 60 s in the future' }, (request) =>
    aged(request, -60),
  ),
  changed(
    {
      name: 'trailing-slash',
      sends: 'a function call to the path with a trailing slash, following redirects',
    },
    (request) => ({
      ...request,
      target: request.target.replace('?', '/?'),
    }),
  ),
  single({ name: 'in-band-sync', sends: 'an in-band sync' }, () =>
    sync(SYNC_URL, { 'X-Inngest-Sync-Kind': 'in_band' }),
  ),
  outOfBandSync,
  single(
    { name: 'sync-escaped', sends: 'an out-of-band sync whose URL is escaped as Go does it' },
    () => sync(`${SYNC_URL}?a=1&b=2`),
  ),
  single({ name: 'introspection', sends: 'an introspection' }, () => otherRequest('GET', PATH, '')),
  single({ name: 'trust-probe', sends: 'a trust probe' }, () =>
    otherRequest('POST', `${PATH}?probe=trust`, '{}'),
  ),
  runs(
    { name: 'streaming', needs: 'streaming', sends: 'a run of two steps with streaming' },
    { functionId: 'two-steps', path: '/api/streaming' },
    twoSteps,
  ),
  {
    name: 'checkpointing',
    needs: 'checkpointing',
    sends: 'a run of two steps with checkpointing',
    run: ({ send }) => runFunction(send, { functionId: 'checkpointed' }),
    // Fewer responses than steps: the others went to Inngest's API.
    accepts: (responses) =>
      responses.length < 3 && isDeepStrictEqual(resultOf(responses), twoSteps),
  },
  {
    name: 'encryption',
    needs: 'encryption',
    sends: 'a run with the encryption middleware',
    run: ({ send }) => runFunction(send, { functionId: 'encrypted' }),
    accepts: (responses) =>
      responses.length > 1 && JSON.stringify(resultOf(responses)).includes('"__ENCRYPTED__":true'),
  },
  durableCase,
]

function runs(described: Described, call: Call, result: unknown): HonestCase {
  return {
    ...described,
    run: ({ send }) => runFunction(send, call),
    accepts: (responses) => isDeepStrictEqual(resultOf(responses), result),
  }
}

/** One call that something on its way has changed. */
function changed(described: Described, change: (request: Request) => Request): HonestCase {
  return {
    ...described,
    run: async ({ send }) => [await send(change(callRequest({ functionId: 'echo', data: hello })))],
    accepts: (responses) => isDeepStrictEqual(resultOf(responses), { received: hello }),
  }
}

function single(described: Described, make: () => Request | Promise<Request>): HonestCase {
  return {
    ...described,
    run: async ({ send }) => [await send(await make())],
    accepts: (responses) => lastOf(responses).status === 200,
  }
}

/** Some syncs have the same body, and a signature of the same second could be used once only. */
async function nextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)))
}

/** The body is of Go's `json.Marshal`, which escapes what could be HTML; signed is its canonical form. */
async function sync(url: string, more: Readonly<Record<string, string>> = {}): Promise<Request> {
  await nextSecond()
  const request = otherRequest('PUT', PATH, JSON.stringify({ url }), more)
  return { ...request, body: request.body.replaceAll('&', '\\u0026') }
}

function reencoded(request: Request): Request {
  const body = request.body.replace('{"ctx":', '{ "ctx" : ').replace('"hello"', '"\\u0068ello"')
  return { ...request, body }
}

function aged(request: Request, seconds: number): Request {
  const signature = sign(request.body, keys.current, seconds)
  return { ...request, headers: { ...request.headers, 'X-Inngest-Signature': signature } }
}

function lastOf(responses: readonly Response[]): Response {
  const last = responses.at(-1)
  return last === undefined ? { status: 0, headers: {}, body: '' } : unwrap(last)
}
