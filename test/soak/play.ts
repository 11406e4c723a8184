import type { Playground } from './playground.ts'
import type { Random } from './random.ts'
import type { Wire } from './wire.ts'

export type Play = (ground: Playground, random: Random, name: string) => Promise<unknown>

/** How often it is drawn, beside the others, and what it does. */
export type Plays = Readonly<Record<string, readonly [number, Play]>>

/** A play of one request. */
export const one =
  (make: (random: Random) => Wire): Play =>
  (ground, random, name) =>
    ground.send(name, make(random), random)
