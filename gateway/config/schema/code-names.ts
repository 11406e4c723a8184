/**
 * The file has a unit in the value, `maxAge: 5m`, and the code in the name, `maxAgeSeconds`. Only this file
 * converts between them.
 */
import { formatQuantity, notations, type Notation } from './units.ts'

/** By section: the key in the file, and its name in the code. The name ends in one of `notations`. */
const codeNames = {
  inngestRanges: {
    refreshInterval: 'refreshSeconds',
    timeout: 'timeoutMs',
    removedRangeGrace: 'keepVanishedSeconds',
  },
  freshness: { maxAge: 'maxAgeSeconds', clockTolerance: 'clockToleranceSeconds' },
  replay: { timeout: 'timeoutMs' },
  limits: {
    maxHeaderSize: 'maxHeaderBytes',
    headersTimeout: 'headersTimeoutMs',
    maxBodySize: 'maxBodyBytes',
    bodyTimeout: 'bodyTimeoutMs',
    bodyIdleTimeout: 'bodyIdleTimeoutMs',
    minBodyRate: 'minBodyBytesPerSecond',
    maxBufferedSize: 'maxBufferedBytes',
    responseStallTimeout: 'responseStallTimeoutMs',
    keepAliveTimeout: 'keepAliveTimeoutMs',
  },
  upstream: {
    connectTimeout: 'connectTimeoutMs',
    responseTimeout: 'responseTimeoutMs',
    keepAliveTimeout: 'keepAliveTimeoutMs',
    maxResponseHeaderSize: 'maxResponseHeaderBytes',
  },
  shutdown: { delay: 'delayMs', drainTimeout: 'drainTimeoutMs' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

type CodeNames = typeof codeNames
type Section = keyof CodeNames

/** A section with the names of the code. */
export type InCode<K extends Section, Values> = {
  readonly [
    Key in keyof Values as Key extends keyof CodeNames[K] ? CodeNames[K][Key] & string : Key
  ]: Values[Key]
}

/** Sections with the names of the code. */
export type AllInCode<Config> = {
  readonly [K in keyof Config]: K extends Section ? InCode<K, Config[K]> : Config[K]
}

/** @param config with the keys of the file, and numbers in the units of the code. */
export function toCode<Config extends object>(config: Config): AllInCode<Config> {
  const sections = Object.entries(config).map(([name, section]: [string, object]) => [
    name,
    isSection(name) ? sectionToCode(name, section) : section,
  ])
  return Object.fromEntries(sections) as AllInCode<Config>
}

export function sectionToCode<K extends Section, Values extends object>(
  name: K,
  section: Values,
): InCode<K, Values> {
  const names: Readonly<Record<string, string>> = codeNames[name]
  const entries = Object.entries(section).map(([key, value]) => [
    names[key] ?? key,
    value as unknown,
  ])
  return Object.fromEntries(entries) as InCode<K, Values>
}

/** @returns the configuration in the form of a file, with its keys and units. */
export function toFile(config: object): Record<string, unknown> {
  const sections = Object.entries(config).map(([name, section]: [string, object]) => [
    name,
    isSection(name) ? sectionToFile(name, section) : section,
  ])
  return Object.fromEntries(sections) as Record<string, unknown>
}

function sectionToFile(section: Section, values: object): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]: [string, unknown]) => {
    const key = fileKeyOf(section, name)
    return key === undefined || typeof value !== 'number'
      ? [name, value]
      : [key, formatQuantity(value, notationOf(name))]
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}

export function isSection(name: string): name is Section {
  return Object.hasOwn(codeNames, name)
}

/** @returns undefined if it has no unit. */
export function fileKeyOf(section: Section, codeName: string): string | undefined {
  return Object.entries(codeNames[section]).find(([, name]) => name === codeName)?.[0]
}

/** @throws if a name ends in no unit. */
export function notationOf(codeName: string): Notation {
  const ending = /(?:BytesPerSecond|Bytes|Ms|Seconds)$/.exec(codeName)?.[0]
  if (ending === undefined) throw new Error(`${codeName} has no unit in its name`)
  return notations[ending as keyof typeof notations]
}
