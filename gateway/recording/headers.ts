/**
 * Request headers with other values. The names stay, in their order and spelling, and the lengths of the values.
 * What Inngest repeats of the body becomes what it becomes there.
 */
import { formatAddress, parseHeaderAddress } from '../ip/address.ts'
import { redactId, redactVersion } from './body.ts'
import { fill } from './fill.ts'
import type { Placeholders } from './placeholders.ts'
import { redactHost } from './target.ts'

/** Values of the protocol, which stay if they are written so. Everything else may be a secret. */
const KEPT: Readonly<Record<string, RegExp>> = {
  'accept-encoding': /^gzip$/,
  connection: /^(?:close|keep-alive)$/i,
  'content-length': /^\d{1,9}$/,
  'content-type': /^application\/json(?:; ?charset=utf-8)?$/i,
  expect: /^100-continue$/i,
  'transfer-encoding': /^chunked$/i,
  'user-agent': /^inngest$/i,
  'x-forwarded-proto': /^https?$/,
  'x-inngest-sdk': /^inngest-[a-z]{1,8}:v?\d{1,3}\.\d{1,3}\.\d{1,3}$/,
  'x-inngest-server-kind': /^(?:cloud|dev)$/,
}

const IDS = new Set([
  ...[
    'x-run-id',
    'x-request-id',
    'x-inngest-job-id',
    'x-inngest-generation-id',
    'x-inngest-step-id',
  ],
])

const HOSTS = new Set(['host', 'x-forwarded-host'])

export const SIGNATURE = 'x-inngest-signature'

/** @param signature what the copy is signed with. */
export function redactHeaders(
  rawHeaders: readonly string[],
  signature: string,
  placeholders: Placeholders,
): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const lowerName = name.toLowerCase()
    const isSignature = lowerName === SIGNATURE
    headers.push([name, isSignature ? signature : redactValue(lowerName, value, placeholders)])
  }
  return headers
}

function redactValue(name: string, value: string, placeholders: Placeholders): string {
  if (KEPT[name]?.test(value) === true) return value
  if (IDS.has(name)) return redactId(value, placeholders)
  if (HOSTS.has(name)) return redactHost(value, placeholders)
  if (name === 'x-forwarded-for') return redactAddresses(value, placeholders)
  const version = name === 'x-inngest-req-version' ? redactVersion(value) : undefined
  // Values are read as Latin-1: a character for each byte.
  return version ?? 'x'.repeat(value.length)
}

function redactAddresses(value: string, placeholders: Placeholders): string {
  return value
    .split(',')
    .map((entry) => {
      const [, blank = '', text = ''] = /^(\s*)(.*)$/.exec(entry) ?? []
      const address = parseHeaderAddress(text)
      if (address === undefined) return blank + fill(text)
      return blank + placeholders.ofAddress(formatAddress(address))
    })
    .join(',')
}
