/**
 * A number in JSON with other digits: as long, with the same sign and exponent, with a fraction where it had
 * one, and canonical (RFC 8785 3.2.2.3) exactly if it was.
 */
import { Unredactable } from './placeholders.ts'

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(.*)$/

export function fillNumber(text: string): string {
  const [, sign = '', whole = '', fraction, exponent = ''] = PARTS.exec(text) ?? []
  const isInteger = fraction === undefined && exponent === ''
  // -0 has a form of its own, and 0 has that of every other digit.
  if (isInteger && whole === '0') return sign === '' ? '1' : text
  const digits = whole === '0' ? '0' : '1'.repeat(whole.length)
  const filled = digits + (fraction === undefined ? '' : `.${fillFraction(fraction, digits)}`)
  return firstOfForm(text, sign, filled, exponent)
}

function firstOfForm(text: string, sign: string, filled: string, exponent: string): string {
  for (const each of candidates(filled)) {
    const candidate = sign + each + exponent
    if (hasSameForm(candidate, text)) return candidate
  }
  throw new Unredactable('no other number of this form')
}

/** Zeros at its end, and behind `0.`, decide how the number is written in canonical form. */
function fillFraction(fraction: string, whole: string): string {
  const start = whole === '0' ? /^0*/.exec(fraction)?.[0].length : 0
  let end = fraction.length
  while (fraction[end - 1] === '0') end -= 1
  return Array.from(fraction, (_, i) => (i < (start ?? 0) || i >= end ? '0' : '1')).join('')
}

/** More digits than a double has are canonical by chance. */
function* candidates(filled: string): Generator<string> {
  yield filled
  if (!filled.includes('.')) yield `1${'0'.repeat(filled.length - 1)}`
  for (let ending = 11; ending < 100; ending += 1)
    yield filled.replace(/11(0*)$/, `${String(ending)}$1`)
}

function hasSameForm(one: string, other: string): boolean {
  return isCanonical(one) === isCanonical(other) && isFiniteNumber(one) === isFiniteNumber(other)
}

const isCanonical = (text: string) => String(Number(text)) === text
const isFiniteNumber = (text: string) => Number.isFinite(Number(text))
