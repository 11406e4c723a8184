/** Numbers the requests of this process, so that each can release its own claim only. */
import { randomInt } from 'node:crypto'

/** V8 keeps a number of 31 bits where a pointer would be, so an owner costs the memory store no object. */
const OWNERS = 2 ** 31

// Workers share one memory: their numbers begin far apart.
let last = randomInt(OWNERS)

export function nextOwner(): number {
  last = (last + 1) % OWNERS
  return last
}
