/** JSON numbers on bytes (RFC 8259 6). */

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45

/** @returns the offset after the number that begins at `start`; undefined if there is none. */
export function endOfNumber(input: Uint8Array, start: number): number | undefined {
  let at = input[start] === MINUS ? start + 1 : start
  const whole = input[at] === ZERO ? at + 1 : endOfDigits(input, at)
  if (whole === at) return undefined
  at = whole
  if (input[at] === POINT) {
    const fraction = endOfDigits(input, at + 1)
    if (fraction === at + 1) return undefined
    at = fraction
  }
  if (input[at] !== LOWER_E && input[at] !== UPPER_E) return at
  const sign = input[at + 1]
  const digits = sign === PLUS || sign === MINUS ? at + 2 : at + 1
  const end = endOfDigits(input, digits)
  return end === digits ? undefined : end
}

/** DBL_DIG: a decimal with so many digits is distinguished from every other one by its double. */
const EXACT_DIGITS = 15

/**
 * Whether a number is written as ECMA-262 Number::toString would write it. Certain for numbers without an
 * exponent and with at most fifteen digits: no shorter decimal has the same double. For all others the result
 * is false, and the number is rewritten.
 * @param end the result of `endOfNumber`.
 */
export function isCanonicalNumber(input: Uint8Array, start: number, end: number): boolean {
  const first = input[start] === MINUS ? start + 1 : start
  let point: number | undefined
  for (let at = first; at < end; at += 1) {
    const byte = input[at] ?? 0
    if (byte === POINT) point = at
    else if (byte > NINE) return false
  }
  // -0 is written as 0.
  if (point === undefined) {
    return end - first <= EXACT_DIGITS && (first === start || input[first] !== ZERO)
  }
  if (end - first > EXACT_DIGITS + 1 || input[end - 1] === ZERO) return false
  // 0.0000001 is written as 1e-7.
  return input[first] !== ZERO || input[point + 1] !== ZERO
}

/**
 * Whether two spellings are the same decimal to the last digit, not only the same double. -0 differs from 0, as
 * it does for doubles.
 */
export function isSameDecimal(one: string, other: string): boolean {
  return normalDecimal(one) === normalDecimal(other)
}

/** Sign, digits without zeros at either end, and the exponent of the last digit. */
function normalDecimal(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(text) ?? []
  const [, sign = '', whole = '', fraction = '', power = '0'] = parts
  const digits = (whole + fraction).replace(/^0+/, '')
  const last = endOfSignificant(digits)
  if (last === 0) return `${sign}0`
  const exponent = Number(power) - fraction.length + digits.length - last
  return `${sign}${digits.slice(0, last)}e${String(exponent)}`
}

/** Without a regular expression: `0+$` takes quadratic time for zeros that are not at the end. */
function endOfSignificant(digits: string): number {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return end
}

function endOfDigits(input: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const byte = input[at] ?? 0
    if (byte < ZERO || byte > NINE) return at
    at += 1
  }
}
