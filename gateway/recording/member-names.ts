/**
 * Names of members: those of the protocol stay, and each other one becomes a text of the same length. Within
 * an object, names that differ still differ, and their canonical order (RFC 8785 3.2.3) stays, so that a
 * canonical body stays one: SDKs verify the canonical form.
 */
import { KnownNames } from '../inngest/known-names.ts'
import { Unredactable } from './placeholders.ts'

/** Of function calls, syncs, events and steps, as Inngest's server writes them. */
const KNOWN = new KnownNames([
  ...['ctx', 'event', 'events', 'steps', 'use_api', 'version', 'url', 'deploy_id'],
  ...[
    'attempt',
    'current',
    'disable_immediate_execution',
    'env',
    'fn_id',
    'generation_id',
    'job_id',
  ],
  ...['max_attempts', 'qi_id', 'request_id', 'run_id', 'stack', 'step_id'],
  ...['data', 'id', 'name', 'ts', 'user', 'v', '_inngest', 'encrypted'],
  ...['error', 'input', 'body', 'headers', 'status_code', 'signal', 'message', 'type'],
])

const EXACTLY_KNOWN = new Set(['__ENCRYPTED__', '__STRATEGY__', '__proto__'])

/** In the order of their codes. Without digits: JavaScript moves members whose names are numbers to the front. */
const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
const FIRST = 'A'

/**
 * @param literals the names in one object, without their quotes, as often as they are there.
 * @returns what to write for each.
 * @throws Unredactable if the names leave no room for others in this order.
 */
export function replaceNames(literals: readonly string[]): ReadonlyMap<string, string> {
  const names = [...new Set(literals)].map((literal) => ({ literal, name: decoded(literal) }))
  names.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
  const replaced = new Map<string, string>()
  let last: string | undefined
  for (const { literal, name } of names) {
    const isKept = isKnown(literal, name)
    const next = isKept ? name : after(last, Buffer.byteLength(literal))
    // Two spellings of one name, or a known name that an unknown one has reached.
    if (last !== undefined && next <= last) throw new Unredactable('no other names in this order')
    replaced.set(literal, isKept ? literal : next)
    last = next
  }
  return replaced
}

/** Also a name that some JSON parser takes for a known one: it means as much. */
function isKnown(literal: string, name: string): boolean {
  if (EXACTLY_KNOWN.has(name)) return true
  const json = Buffer.from(literal)
  return KNOWN.find({ json, from: 0, to: json.length }) !== undefined
}

function decoded(literal: string): string {
  return JSON.parse(`"${literal}"`) as string
}

/** @returns the first text of this length behind `last`, and no known name. */
function after(last: string | undefined, length: number): string {
  let next = last === undefined ? FIRST.repeat(length) : successor(last, length)
  while (isKnown(next, next)) next = successor(next, length)
  return next
}

function successor(last: string, length: number): string {
  if (length > last.length) return last + FIRST.repeat(length - last.length)
  for (let i = length - 1; i >= 0; i -= 1) {
    const larger = ALPHABET.find((letter) => letter > (last[i] ?? ''))
    if (larger !== undefined) return last.slice(0, i) + larger + FIRST.repeat(length - i - 1)
  }
  throw new Unredactable('no other names in this order')
}
