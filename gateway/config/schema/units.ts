/**
 * Durations, sizes and rates in the notation of the YAML file: `5m`, `10MiB`, `1KiB/s`. A value without a unit
 * is refused: whether 300 means seconds or milliseconds would depend on the key.
 */

export interface Notation {
  readonly noun: string
  /** Largest first: the name, and its value in the unit of the code. */
  readonly units: readonly (readonly [name: string, factor: number])[]
  /** Whether several units can be combined, as in `2h5m`. */
  readonly isCombined: boolean
  readonly suffix: '' | '/s'
  /**
   * Other spellings, in lower case, with their possible meanings. They are refused with a message that says
   * what to write.
   */
  readonly spellings: Readonly<Record<string, readonly number[]>>
}

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]

const durationSpellings = {
  ...spelled(1, 'ms', 'msec', 'msecs', 'millis', 'millisecond', 'milliseconds'),
  ...spelled(SECOND, 's', 'sec', 'secs', 'second', 'seconds'),
  ...spelled(MINUTE, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...spelled(HOUR, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...spelled(DAY, 'd', 'day', 'days'),
  ...spelled(7 * DAY, 'w', 'wk', 'week', 'weeks'),
}

const [KIB, MIB, GIB] = [1024, 1024 ** 2, 1024 ** 3]

const sizeUnits = [['GiB', GIB], ['MiB', MIB], ['KiB', KIB], ['B', 1]] as const // prettier-ignore

const sizeSpellings = {
  ...spelled(1, 'b', 'byte', 'bytes'),
  ...spelled(KIB, 'kib', 'ki', 'k'),
  ...spelled(MIB, 'mib', 'mi', 'm'),
  ...spelled(GIB, 'gib', 'gi', 'g'),
  // For some programs a decimal unit, for others a binary one.
  kb: [KIB, 1e3],
  mb: [MIB, 1e6],
  gb: [GIB, 1e9],
}

function spelled(factor: number, ...names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, [factor]]))
}

/** By the ending of the name in the code. */
export const notations = {
  Ms: {
    noun: 'a duration',
    units: [['d', DAY], ['h', HOUR], ['m', MINUTE], ['s', SECOND], ['ms', 1]], // prettier-ignore
    isCombined: true,
    suffix: '',
    spellings: { ...durationSpellings, '': [1, SECOND] },
  },
  Seconds: {
    noun: 'a duration',
    units: [['d', DAY / SECOND], ['h', HOUR / SECOND], ['m', MINUTE / SECOND], ['s', 1]], // prettier-ignore
    isCombined: true,
    suffix: '',
    spellings: { ...inSeconds(durationSpellings), '': [1] },
  },
  Bytes: {
    noun: 'a size',
    units: sizeUnits,
    isCombined: false,
    suffix: '',
    spellings: { ...sizeSpellings, '': [1] },
  },
  BytesPerSecond: {
    noun: 'a rate',
    units: sizeUnits,
    isCombined: false,
    suffix: '/s',
    spellings: { ...sizeSpellings, '': [1] },
  },
} as const satisfies Readonly<Record<string, Notation>>

function inSeconds(spellings: Readonly<Record<string, readonly number[]>>) {
  return Object.fromEntries(
    Object.entries(spellings).map(([name, factors]) => [name, factors.map((ms) => ms / SECOND)]),
  )
}

const DIGITS = '(0|[1-9][0-9]*)'

/** For a JSON schema, together with a minimum length of 2. It has no look-ahead, which some validators lack. */
export function patternOf({ units, isCombined, suffix }: Notation): string {
  const names = units.map(([name]) => name)
  return isCombined
    ? `^${names.map((name) => `(${DIGITS}${name})?`).join('')}$`
    : `^${DIGITS}(${names.join('|')})${suffix}$`
}

/** @returns undefined for another notation. The result may be too large for an exact number. */
function parseQuantity(text: string, notation: Notation): number | undefined {
  if (text === '' || !new RegExp(patternOf(notation)).test(text)) return undefined
  const parts = [...text.matchAll(/([0-9]+)([A-Za-z]+)/g)]
  const factors = new Map(notation.units)
  return parts.reduce(
    (sum, [, digits, name = '']) => sum + Number(digits) * (factors.get(name) ?? NaN),
    0,
  )
}

/** In the notation of the file: `90s`, `2h5m`, `1500ms`, `10MiB`. */
export function formatQuantity(value: number, notation: Notation): string {
  return inUnits(value, notation) + notation.suffix
}

function inUnits(value: number, { units, isCombined }: Notation): string {
  if (value === 0) return isCombined ? '0s' : '0B'
  const exact = units.find(([, factor]) => value % factor === 0)
  const [name, factor] = exact ?? units.at(-1) ?? ['', 1]
  const count = value / factor
  // 125m is less readable than 2h5m, and 1s500ms less than 1500ms.
  if (!isCombined || count < 100 || name === 'ms') return `${String(count)}${name}`
  return combined(value, units)
}

function combined(value: number, units: Notation['units']): string {
  let rest = value
  return units
    .map(([name, factor]) => {
      const count = Math.floor(rest / factor)
      rest -= count * factor
      return count === 0 ? '' : `${String(count)}${name}`
    })
    .join('')
}

export interface Bounds {
  readonly minimum: string
  readonly maximum: string
  /** The value if the key is omitted. */
  readonly fallback: string
}

export type QuantityReading =
  { readonly ok: true; readonly value: number } | { readonly ok: false; readonly expected: string }

/** @param written the value as read from YAML. */
export function readQuantity(
  written: unknown,
  notation: Notation,
  { minimum, maximum, fallback }: Bounds,
): QuantityReading {
  const least = boundOf(minimum, notation)
  const most = boundOf(maximum, notation)
  const value = typeof written === 'string' ? parseQuantity(written, notation) : undefined
  if (value === undefined) {
    const remedy = remedyFor(written, notation, (each) => each >= least && each <= most)
    const example = `${notation.noun} such as ${fallback} (whole ${unitsOf(notation)}), from ${minimum} to ${maximum}`
    return { ok: false, expected: remedy ?? example }
  }
  if (value < least) return { ok: false, expected: `at least ${minimum}` }
  return value > most ? { ok: false, expected: `at most ${maximum}` } : { ok: true, value }
}

/** @throws if the schema has an invalid bound. */
function boundOf(text: string, notation: Notation): number {
  const value = parseQuantity(text, notation)
  if (value === undefined) throw new Error(`${text} is not ${notation.noun}`)
  return value
}

/** A written value that may be a quantity in another spelling. */
interface Misspelled {
  readonly digits: string
  readonly unit: string
}

/** @returns what to write instead; undefined if that is ambiguous. */
function remedyFor(
  written: unknown,
  notation: Notation,
  isInRange: (value: number) => boolean,
): string | undefined {
  const misspelled = misspelledIn(written)
  if (misspelled === undefined) return undefined
  const { spellings } = notation
  const factors = Object.hasOwn(spellings, misspelled.unit) ? spellings[misspelled.unit] : []
  const values = (factors ?? [])
    // In floating point, 0.57 times 1000 is not exactly 570.
    .map((factor) => Number((Number(misspelled.digits) * factor).toFixed(6)))
    .filter((value) => Number.isSafeInteger(value) && isInRange(value))
  const choices = [...new Set(values)].map((value) => spellingsOf(value, misspelled, notation))
  const [only, ...others] = choices
  if (only === undefined) return undefined
  const list =
    others.length === 0
      ? only
      : choices.map(([first = '', same]) => (same === undefined ? first : `${first} (${same})`))
  const label = misspelled.unit === '' ? 'with its unit,' : 'written as'
  return `${notation.noun} ${label} ${list.join(' or ')}`
}

/** A plain number, one with a decimal point, or one with another spelling of a unit. */
function misspelledIn(written: unknown): Misspelled | undefined {
  const text = typeof written === 'string' || typeof written === 'number' ? String(written) : ''
  const [, digits, unit] =
    /^ *([0-9]{1,15}(?:\.[0-9]{1,9})?) *([A-Za-z]{0,12})(?:\/s)? *$/.exec(text) ?? []
  return digits === undefined || unit === undefined
    ? undefined
    : { digits, unit: unit.toLowerCase() }
}

/** With the written digits, if they are possible, and in the usual form. */
function spellingsOf(value: number, { digits, unit }: Misspelled, notation: Notation): string[] {
  const usual = formatQuantity(value, notation)
  const kept = notation.units
    .map(([name]) => `${digits}${name}${notation.suffix}`)
    .find((text) => parseQuantity(text, notation) === value)
  return unit !== '' || value === 0 || kept === undefined || kept === usual
    ? [usual]
    : [kept, usual]
}

/** `d, h, m, s or ms` */
function unitsOf({ units, suffix }: Notation): string {
  const names = units.map(([name]) => `${name}${suffix}`)
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
}
