/** Requests that somebody else than Inngest could make, most of them of what Inngest has signed. */
import {
  callBody,
  callHead,
  contextOf,
  drawIds,
  eventOf,
  functionCall,
  introspection,
  nowSeconds,
  passedThrough,
  sign,
  sync,
} from './compose.ts'
import { one, type Plays } from './play.ts'
import type { Playground } from './playground.ts'
import type { Random } from './random.ts'
import { addresses, hosts } from './settings.ts'
import { valuesOf, withHeader, withParameter, type Wire } from './wire.ts'

export const attacks: Plays = {
  'replayed at once': [8, replayedAtOnce],
  'replayed later': [12, replayedLater],
  'replayed, many at once': [3, replayedMany],
  'swapped after its use': [14, swappedAfterUse],
  'swapped before its use': [6, swappedBeforeUse],
  'signature of an introspection': [4, one(ofIntrospection)],
  forged: [14, one(forged)],
  'malformed signature': [6, one(malformed)],
  stale: [5, one((random) => functionCall(random, { t: nowSeconds() - beyondBound(random) }))],
  'too far ahead': [
    5,
    one((random) => functionCall(random, { t: nowSeconds() + beyondBound(random) })),
  ],
  contradicting: [12, one(contradicting)],
  'contradicting, then as it was signed': [6, contradictingThenRight],
  'no function call': [6, one(noFunctionCall)],
  misused: [6, one(misused)],
  unsigned: [4, one(unsigned)],
  'like a protected path': [
    3,
    one((random) =>
      passedThrough(random.pick(['/api/inngestx', '/API/inngest', '/api/other/', '/api/extras'])),
    ),
  ],
  'not HTTP': [1, (ground, _random, name) => ground.sendGarbage(name, 'hello\r\n\r\n')],
}

/** How many seconds off the clock, most of them about the bound of 300 s. */
function beyondBound(random: Random): number {
  return random.chance(0.7) ? random.between(298, 304) : random.between(305, 1000)
}

async function replayedAtOnce(ground: Playground, random: Random, name: string): Promise<void> {
  const wire = random.pick([
    () => functionCall(random),
    () => functionCall(random),
    () => sync(random),
    () => introspection(),
  ])()
  await ground.send(name, wire, random)
  for (let i = random.between(1, 3); i > 0; i -= 1) await ground.send(name, wire, random)
}

async function replayedLater(ground: Playground, random: Random, name: string): Promise<void> {
  const wire = ground.recall(random)
  if (wire !== undefined) await ground.send(name, wire, random)
}

async function replayedMany(ground: Playground, random: Random, name: string): Promise<void> {
  const wire = ground.recall(random)
  // An introspection is not claimed, and a passed through request has nothing to replay.
  if (wire === undefined || wire.method === 'GET' || valuesOf(wire, 'host')[0] === hosts.open)
    return
  await ground.sendCopies(name, wire, random.between(2, 8), random)
}

async function swappedAfterUse(ground: Playground, random: Random, name: string): Promise<void> {
  const wire = random.chance(0.5) ? ground.recall(random) : functionCall(random)
  if (wire === undefined) return
  await ground.send(name, wire, random)
  for (let i = random.between(1, 3); i > 0; i -= 1) {
    await ground.send(name, swapped(wire, random), random)
  }
}

/** The path and the ids of the query are not signed: what is swapped first is the one use. */
async function swappedBeforeUse(ground: Playground, random: Random, name: string): Promise<void> {
  const wire = functionCall(random)
  await ground.send(name, swapped(wire, random), random)
  await ground.send(name, swapped(wire, random), random)
  await ground.send(name, wire, random)
}

/** The same signature over the same bytes, and something beside them changed. */
function swapped(wire: Wire, random: Random): Wire {
  const step = random.text(40)
  return random.pick([
    () => ({ ...wire, method: random.pick(['POST', 'PUT', 'GET']) }),
    () => ({ ...wire, method: 'GET', body: '' }),
    () => ({ ...wire, path: random.pick(['/api/inngest', '/api/other', '/api/extra']) }),
    () => ({ ...wire, path: random.pick(['/api/gone', '/api/nothing', '/api/inngest/']) }),
    () => withHeader(wire, 'Host', random.pick([hosts.named, 'b.example.com', `${hosts.any}:81`])),
    () => withHeader(wire, 'Host', `${hosts.named}:81`),
    () => withParameter(wire, 'fnId', `app-fn-${String(random.between(1, 40))}`),
    () => withParameter(wire, 'stepId', step),
    () => withHeader(withParameter(wire, 'stepId', step), 'X-Inngest-Step-ID', step),
    () => withParameter(wire, 'probe', 'trust'),
    () => ({ ...wire, query: '?probe=trust' }),
    () => ({ ...wire, query: `${wire.query || '?a=b'}&fnId=one&fnId=two` }),
  ])()
}

/**
 * Made over no body, it is the easiest to come by. A signature has one kind of use (`claim_kind_mismatch`), so
 * that which of two kinds comes first in a second would decide: here a second has probes or other uses.
 */
function ofIntrospection(random: Random): Wire {
  const t = nowSeconds() - random.between(0, 2)
  const read = introspection({ t })
  if (t % 2 === 0) return { ...read, method: 'POST', query: '?probe=trust' }
  return random.pick([
    () => ({ ...read, method: 'POST', query: '?fnId=app-fn-1&stepId=step' }),
    () => ({ ...read, method: 'PUT' }),
    () => ({ ...read, method: 'POST', query: '?probe=trust&fnId=app-fn-1' }),
    () => ({ ...read, method: 'POST', body: '{}' }),
  ])()
}

function forged(random: Random): Wire {
  const wire = functionCall(random)
  const [signature = ''] = valuesOf(wire, 'x-inngest-signature')
  const other = () => valuesOf(functionCall(random), 'x-inngest-signature')[0]
  return random.pick([
    () => functionCall(random, { key: 'foreign' }),
    () => sync(random, undefined, { key: 'foreign' }),
    () => introspection({ key: 'foreign' }),
    () => ({ ...wire, body: wire.body.replace('"attempt":0', '"attempt":1') }),
    () => ({ ...wire, body: `${wire.body} ` }),
    () => ({ ...wire, body: wire.body.slice(0, -1) }),
    () => ({ ...wire, body: '' }),
    () => withHeader(wire, 'X-Inngest-Signature', other()),
    () => withHeader(wire, 'X-Inngest-Signature', flipped(signature)),
    () => withHeader(wire, 'X-Inngest-Signature', later(signature)),
  ])()
}

/** Another last digit. */
function flipped(signature: string): string {
  return signature.slice(0, -1) + (signature.endsWith('0') ? '1' : '0')
}

function later(signature: string): string {
  return signature.replace(/^t=(\d+)/, (_, t: string) => `t=${String(Number(t) + 1)}`)
}

function malformed(random: Random): Wire {
  const wire = functionCall(random)
  const [signature = ''] = valuesOf(wire, 'x-inngest-signature')
  const [t = '', s = ''] = signature.split('&')
  const value = random.pick([
    '',
    undefined,
    `${t}&${s.toUpperCase()}`,
    `${s}&${t}`,
    `${signature}&x=1`,
    `${t}&${s.slice(0, -1)}`,
    `${t.slice(0, -1)}&${s}`,
    `t=0${t.slice(3)}&${s}`,
  ])
  if (random.chance(0.2)) {
    return { ...wire, headers: [...wire.headers, ['X-Inngest-Signature', signature]] }
  }
  return withHeader(wire, 'X-Inngest-Signature', value)
}

function contradicting(random: Random): Wire {
  return contradicted(functionCall(random), random)
}

function contradicted(wire: Wire, random: Random): Wire {
  const [run = ''] = valuesOf(wire, 'x-run-id')
  return random.pick([
    () => withHeader(wire, 'X-Run-ID', `01K${random.text(23).toUpperCase()}`),
    () => withHeader(wire, 'X-Run-ID', run.toLowerCase()),
    () => ({ ...wire, headers: [...wire.headers, ['X-Run-ID', run] as const] }),
    () => ({ ...wire, headers: [...wire.headers, ['x-run-id', random.text(26)] as const] }),
    () => withHeader(wire, 'X-Inngest-Job-ID', random.text(24)),
    () => withHeader(wire, 'X-Inngest-Generation-ID', '17'),
    () => withHeader(wire, 'X-Inngest-Req-Version', '2'),
    () => withHeader(wire, 'X-Inngest-Step-ID', random.text(40)),
    () => withParameter(wire, 'stepId', random.text(40)),
    // Nothing to contradict.
    () => withHeader(wire, 'X-Run-ID', undefined),
  ])()
}

async function contradictingThenRight(
  ground: Playground,
  random: Random,
  name: string,
): Promise<void> {
  const wire = functionCall(random)
  await ground.send(name, contradicted(wire, random), random)
  await ground.send(name, wire, random)
  await ground.send(name, contradicted(wire, random), random)
}

/** Signed, as durable endpoints make Inngest sign what an end user wrote. */
function noFunctionCall(random: Random): Wire {
  const ids = drawIds(random)
  const usual = callBody(ids, random)
  const { job_id: _, ...context } = JSON.parse(contextOf(ids)) as Record<string, unknown>
  const event = eventOf(random)
  const body = random.pick([
    `{"ctx":{},"event":${event},"version":1}`,
    usual.replace(`"run_id":"${ids.run}",`, ''),
    usual.replace(`"run_id":"${ids.run}"`, '"run_id":""'),
    usual.replace(`"run_id":"${ids.run}"`, '"run_id":7'),
    `${usual.slice(0, -1)},"ctx":${contextOf(drawIds(random))}}`,
    usual.slice(0, -1),
    `name=${random.text(40)}`,
    // A call, but the header has nothing to agree with.
    `{"ctx":${JSON.stringify(context)},"event":${event},"version":1}`,
    `{"ctx":${contextOf(ids)},"event":${event}}`,
  ])
  return sign({ ...callHead(ids), body })
}

function misused(random: Random): Wire {
  const wire = functionCall(random)
  return random.pick([
    () => ({ ...wire, method: random.pick(['DELETE', 'PATCH', 'OPTIONS']) }),
    () => withHeader(wire, 'Content-Encoding', 'gzip'),
    () => ({ ...wire, method: 'GET' }),
    () => ({ ...wire, path: random.pick(['/api/nothing', '/api/inngest/', '/API/inngest']) }),
    () => ({ ...wire, headers: [...wire.headers, ['Host', hosts.named] as const] }),
    () => ({ ...wire, query: `${wire.query}&fnId=other` }),
    () => ({ ...wire, from: addresses.never }),
    () => withHeader(wire, 'Host', `${hosts.named}:8443`),
  ])()
}

function unsigned(random: Random): Wire {
  const wire = random.pick([
    () => functionCall(random),
    () => sync(random),
    () => introspection(),
  ])()
  const bare = withHeader(wire, 'X-Inngest-Signature', random.pick([undefined, '']))
  return random.chance(0.2) ? { ...bare, from: addresses.never } : bare
}
