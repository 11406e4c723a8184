/** The options of the command line, validated before anything is sent. */
import { formatAddress, parseAddress } from '../gateway/ip/address.ts'
import { isLoopback } from '../gateway/ip/special-purpose.ts'
import { readPublishedRanges } from '../gateway/ranges/bundled-ranges.ts'
import { didYouMean } from '../gateway/config/nearest.ts'
import { freshnessSchema } from '../gateway/config/schema/checks.ts'
import { readKeyFromEnv, type Environment } from '../gateway/config/read/resolve-keys.ts'
import { withoutBrackets } from '../gateway/ip/authority.ts'
import type { SigningKey } from '../gateway/inngest/signing-key.ts'
import { parseAppAddress, type AppAddress } from './app-address.ts'
import { groups, type CaseText, type OptIn } from './case.ts'
import { allCases } from './cases.ts'
import type { Place } from './exchange.ts'
import { randomKey } from './request-maker.ts'

export interface ConformanceOptions {
  readonly url?: string
  readonly keyEnv: string
  readonly appAddress: readonly string[]
  readonly expectOutside?: boolean
  readonly allowedAddress?: string
  /** Names of cases or groups; empty means all. */
  readonly only: readonly string[]
  /** Paths of passthrough routes with an `allowlist`. */
  readonly restrictedPath: readonly string[]
  /** URL of a durable endpoint behind the same gateway. */
  readonly durableUrl?: string
  /** An id in `apps` of the route. */
  readonly app?: string
  /** The SDK of the app supports in-band syncs. */
  readonly syncs?: boolean
  /** Durations in the notation of the configuration. */
  readonly maxAge: string
  readonly clockTolerance: string
  readonly list?: boolean
  readonly json?: boolean
}

export interface Plan {
  readonly ok: true
  readonly url: URL
  readonly place: Place
  readonly key: SigningKey
  readonly keyName: string
  readonly appAddresses: readonly AppAddress[]
  readonly from: 'inside' | 'outside'
  readonly allowedAddress: string
  readonly restrictedPaths: readonly string[]
  readonly durableUrl: URL | undefined
  readonly app: string | undefined
  readonly optedIn: ReadonlySet<OptIn>
  readonly maxAgeSeconds: number
  readonly clockToleranceSeconds: number
  readonly isWanted: (each: CaseText) => boolean
}

export interface Problem {
  readonly ok: false
  readonly problem: string
}

/** A mistake on the command line. */
export class UsageError extends Error {}

export function readPlan(options: ConformanceOptions, env: Environment): Plan | Problem {
  try {
    const url = readUrl(options.url)
    const from = options.expectOutside === true ? 'outside' : 'inside'
    const restrictedPaths = options.restrictedPath.map(readRestrictedPath)
    const { durableUrl } = options
    return {
      ok: true,
      url,
      place: placeOf(url),
      key: readKey(options.keyEnv, env, from),
      keyName: options.keyEnv,
      appAddresses: options.appAddress.map(readAppAddress),
      from,
      allowedAddress: readAllowedAddress(options.allowedAddress),
      restrictedPaths,
      durableUrl: durableUrl === undefined ? undefined : readUrl(durableUrl, DURABLE_URL),
      app: options.app,
      optedIn: new Set<OptIn>([
        ...(durableUrl === undefined ? [] : (['durable'] as const)),
        ...(options.app === undefined ? [] : (['app'] as const)),
        ...(options.syncs === true ? (['syncs'] as const) : []),
        ...(restrictedPaths.length > 0 ? (['restrictedPaths'] as const) : []),
      ]),
      maxAgeSeconds: readSeconds('--max-age', 'maxAge', options.maxAge),
      clockToleranceSeconds: readSeconds(
        '--clock-tolerance',
        'clockTolerance',
        options.clockTolerance,
      ),
      isWanted: readOnly(options.only),
    }
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, problem: error.message }
    throw error
  }
}

const SERVED_URL = {
  option: '--url',
  expected: 'the URL that Inngest calls, such as https://gateway.example/api/inngest',
} as const

const DURABLE_URL = {
  option: '--durable-url',
  expected: 'the URL of a durable endpoint, such as https://gateway.example/endpoints/order',
} as const

interface UrlOption {
  readonly option: string
  readonly expected: string
}

export function readUrl(
  text: string | undefined,
  { option, expected }: UrlOption = SERVED_URL,
): URL {
  if (text === undefined) throw new UsageError(`nothing to test: give ${option}, ${expected}`)
  const url = URL.parse(text)
  const isPlain = url?.username === '' && url.password === '' && url.hash === ''
  if (url === null || !/^https?:$/.test(url.protocol) || !isPlain) {
    throw new UsageError(`${option}: expected ${expected}, found ${JSON.stringify(text)}`)
  }
  return url
}

export function placeOf({ protocol, hostname, port }: URL): Place {
  const isTls = protocol === 'https:'
  return {
    host: withoutBrackets(hostname),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    tls: isTls ? { isVerified: true } : undefined,
  }
}

/** Some signed calls are never claimed, because the gateway refuses them for another reason first. */
export function warningOf({ place }: Pick<Plan, 'place'>): string | undefined {
  if (place.tls !== undefined || isLoopback(place.host)) return undefined
  return 'warning: --url is http://, so an attacker who reads the requests in transit can call functions of the app with a few of their signatures, until the signatures expire. Use the signing key of a test environment.'
}

/** From outside the allowlist, requests with any key are refused, so no real key is needed there. */
function readKey(name: string, env: Environment, from: Plan['from']): SigningKey {
  if (from === 'outside' && env[name] === undefined) return randomKey()
  const reading = readKeyFromEnv(name, env)
  if (reading.ok) return reading.key
  throw new UsageError(`--key-env: expected ${reading.expected}, found ${reading.found}`)
}

function readAppAddress(text: string): AppAddress {
  const address = parseAppAddress(text)
  if (address !== undefined) return address
  throw new UsageError(`--app-address: expected host:port, found ${JSON.stringify(text)}`)
}

/** The default is an address that Inngest calls from. */
function readAllowedAddress(text: string | undefined): string {
  if (text !== undefined) {
    if (parseAddress(text) !== undefined) return text
    throw new UsageError(`--allowed-address: expected an address, found ${JSON.stringify(text)}`)
  }
  const [range] = readPublishedRanges()
  if (range === undefined) throw new Error('the bundled IP range list is empty')
  return formatAddress({ family: range.family, value: range.first })
}

/** Its last segment must have a letter, so that other spellings can be made. */
function readRestrictedPath(text: string): string {
  if (/^(?:\/[\w.~-]+)*\/[\w.~-]*[a-z][\w.~-]*$/i.test(text)) return text
  throw new UsageError(
    `--restricted-path: expected a plain path such as /admin, found ${JSON.stringify(text)}`,
  )
}

function readSeconds(
  option: string,
  key: keyof typeof freshnessSchema.shape,
  text: string,
): number {
  const parsed = freshnessSchema.shape[key].safeParse(text)
  if (parsed.success) return parsed.data
  const expected = parsed.error.issues.map(({ message }) => message).join()
  throw new UsageError(`${option}: expected ${expected}, found ${JSON.stringify(text)}`)
}

function readOnly(names: readonly string[]): Plan['isWanted'] {
  const known = new Set([...Object.keys(groups), ...allCases.map(({ name }) => name)])
  const unknown = names.find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw new UsageError(
      `--only: unknown case ${JSON.stringify(unknown)}${didYouMean(unknown, [...known])}; --list shows all; groups are ${Object.keys(groups).join(', ')}`,
    )
  }
  const wanted = new Set(names)
  return ({ name, group }) => wanted.size === 0 || wanted.has(name) || wanted.has(group)
}
