/** What is sent, and how often. No play says what is right: the oracle does, from what is sent. */
import { attacks } from './attacks.ts'
import {
  callBody,
  callHead,
  drawIds,
  functionCall,
  introspection,
  nowSeconds,
  passedThrough,
  sign,
  sync,
  trustProbe,
} from './compose.ts'
import { one, type Play, type Plays } from './play.ts'
import type { Playground } from './playground.ts'
import type { Random } from './random.ts'
import { addresses, hosts } from './settings.ts'
import { withHeader, type Wire } from './wire.ts'

const honest: Plays = {
  'function call': [30, one((random) => functionCall(random))],
  'function call, second key': [5, one((random) => functionCall(random, { key: 'two' }))],
  'function call, signed earlier': [
    4,
    one((random) => functionCall(random, { t: nowSeconds() - random.between(1, 120) })),
  ],
  'function call, signed ahead of the clock': [
    2,
    one((random) => functionCall(random, { t: nowSeconds() + random.between(1, 295) })),
  ],
  'function call, encoded anew': [4, one(encodedAnew)],
  'function call, unusual body': [4, one(unusualBody)],
  'function call, another address': [
    3,
    one((random) => ({ ...functionCall(random), from: addresses.sometimes })),
  ],
  'function call, another route': [
    5,
    one((random) => {
      const path = random.pick(['/api/other', '/api/extra'])
      return { ...functionCall(random), path }
    }),
  ],
  'function call, named host': [
    3,
    one((random) => withHeader(functionCall(random), 'Host', hosts.named)),
  ],
  'function call, request id replaced by a proxy': [
    3,
    one((random) => withHeader(functionCall(random), 'X-Request-ID', random.text(12))),
  ],
  'copies at once': [
    4,
    (ground, random, name) =>
      ground.sendCopies(name, functionCall(random), random.between(2, 12), random),
  ],
  'call to an app that is down, then elsewhere': [2, unsent],
  'redirected call': [3, redirected],
  sync: [4, one((random) => sync(random))],
  'sync, escaped': [2, one(escapedSync)],
  'sync of another route': [2, one(syncElsewhere)],
  introspection: [4, one((random) => introspection({ key: random.pick(['one', 'two']) }))],
  'trust probe': [3, one(probe)],
  'passed through': [3, one((random) => passedThrough(`/public/${random.text(8)}`))],
}

export const plays: Plays = { ...honest, ...attacks }

const weights = Object.entries(plays)
const sum = weights.reduce((total, [, [weight]]) => total + weight, 0)

export function drawPlay(random: Random): { name: string; play: Play } {
  let left = random.next() * sum
  for (const [name, [weight, play]] of weights) {
    left -= weight
    if (left < 0) return { name, play }
  }
  throw new Error('no play is left')
}

/** As a hop leaves it that reads and writes JSON anew: what is signed is the canonical form. */
function encodedAnew(random: Random): Wire {
  const ids = drawIds(random)
  const canonical = callBody(ids, random)
  const { version, ctx, ...others } = JSON.parse(canonical) as Record<string, unknown>
  const text = random.chance(0.5)
    ? JSON.stringify({ version, ...others, ctx })
    : canonical.replaceAll(/([,:{}[\]])/g, '$1 ')
  return sign({ ...callHead(ids), body: text }, {}, canonical)
}

/** Canonical, but not as Inngest begins or ends it. */
function unusualBody(random: Random): Wire {
  const ids = drawIds(random)
  const usual = callBody(ids, random)
  const body = random.pick([
    `{"aaa":[{"ctx":{"run_id":"${random.text(10)}"}}],${usual.slice(1)}`,
    usual.replace('"attempt":0', '"aCamelCase":{"deep":[1,2]},"attempt":0'),
    `${usual.slice(0, -1)},"zzz":null}`,
  ])
  return sign({ ...callHead(ids), body })
}

/** Nothing of it reached an app, so its signature is as good as before. */
async function unsent(ground: Playground, random: Random, name: string): Promise<void> {
  const call = functionCall(random)
  const away = { ...call, path: '/api/gone' }
  for (let i = random.between(1, 3); i > 0; i -= 1) await ground.send(name, away, random)
  await ground.send(name, call, random)
  await ground.send(name, away, random)
}

/** An app's redirect makes the signature good for one target, once. */
async function redirected(ground: Playground, random: Random, name: string): Promise<void> {
  const call = functionCall(random)
  const path = random.pick(['/api/other', '/api/inngest'])
  const to = { ...call, path }
  await ground.send(name, call, random, to)
  if (random.chance(0.5)) await ground.send(name, withHeader(to, 'Host', 'a.example.com'), random)
  await ground.send(name, to, random)
  await ground.send(name, to, random)
}

/** Written with escapes, and signed without them, as Inngest's server does. */
function escapedSync(random: Random): Wire {
  const plain = sync(random, `https://${hosts.any}/api/inngest?a=${random.text(8)}&b=2`)
  return { ...plain, body: plain.body.replaceAll('&', '\\u0026') }
}

function syncElsewhere(random: Random): Wire {
  const path = random.pick(['/api/other', '/api/inngest/more', '/'])
  return sync(random, `https://${hosts.any}${path}?${random.text(8)}`)
}

function probe(random: Random): Wire {
  const signing = { t: nowSeconds() - random.between(0, 3) }
  const plain = trustProbe(signing)
  const path = random.pick(['/api/inngest', '/api/other'])
  return random.chance(0.5)
    ? { ...plain, path }
    : sign({ ...plain, path, body: '{"probe":true}' }, signing)
}
