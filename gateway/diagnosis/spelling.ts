/**
 * Why a signature header is malformed, judged by its text alone. A kind is reported only if correcting it alone
 * makes the header valid.
 */
import { parseSignatureHeader } from '../inngest/signature-header.ts'
import { undoPercent } from './escapes.ts'

interface SpellingRow {
  /** One sentence for the operator; never sent. */
  readonly meaning: string
  /** @returns the header with this mistake corrected. */
  readonly setRight: (header: string) => string | undefined
}

export const spellings = {
  duplicated: {
    meaning: 'The header occurs more than once, or a proxy joined several with commas.',
    setRight: (header) => (header.includes(',') ? header.split(/, ?/)[0] : undefined),
  },
  whitespace: {
    meaning: 'The header contains white space.',
    setRight: (header) => header.replace(/\s/g, ''),
  },
  percent_encoded: {
    meaning: 'A proxy percent-encoded the header: `%3D` for `=`.',
    setRight: undoPercent,
  },
  order: {
    meaning: '`s` precedes `t`.',
    setRight: (header) => header.replace(/^(s=[^&]*)&(t=[^&]*)$/, '$2&$1'),
  },
  extra_parameters: {
    meaning: 'The header has parameters other than `t` and `s`.',
    setRight: (header) =>
      header
        .split('&')
        .filter((parameter) => /^[ts]=/.test(parameter))
        .join('&'),
  },
  milliseconds: {
    meaning: '`t` is in milliseconds; Inngest signs seconds.',
    setRight: (header) => header.replace(/^t=(\d{10})\d{3}&/, 't=$1&'),
  },
  uppercase_hex: {
    meaning: '`s` is in upper-case hex.',
    setRight: (header) => header.replace(/&s=[0-9A-F]{64}$/, (s) => s.toLowerCase()),
  },
  unknown: {
    meaning: 'The header is not a signature, or is wrong in more than one way.',
    setRight: () => undefined,
  },
} as const satisfies Record<string, SpellingRow>

export type SpellingKind = keyof typeof spellings

/** @param headerValues every value of `X-Inngest-Signature`, in the order received. */
export function diagnoseSpelling(headerValues: readonly string[]): SpellingKind {
  if (headerValues.length > 1) return 'duplicated'
  const [header = ''] = headerValues
  const kinds = Object.keys(spellings) as SpellingKind[]
  return kinds.find((kind) => isReadable(spellings[kind].setRight(header))) ?? 'unknown'
}

function isReadable(header: string | undefined): boolean {
  return header !== undefined && parseSignatureHeader(header) !== undefined
}
