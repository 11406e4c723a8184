/** Function calls with secrets wherever an app or a client may have some, as arbitraries of fast-check. */
import fc from 'fast-check'

/**
 * Of characters that nothing public and no placeholder has four of in a row: what a copy has in their place is
 * in lower case, `x`, `A` or a digit.
 */
const secretCharacter = fc.constantFrom(...Array.from('QZJVWKYUQZJVWKYUß漢😀&<"\\\n'))

/** With four letters at least: an escape alone would be no secret. */
export const secretText = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...Array.from('QZJVWKYU')), minLength: 4, maxLength: 12 }),
    fc.array(secretCharacter, { maxLength: 8 }),
  )
  .map(([letters, others]) => letters + others.join(''))

export const secretToken = fc.string({
  unit: fc.constantFrom(...Array.from('QZJVWKYU')),
  minLength: 4,
  maxLength: 24,
})

/** Digits that no filled number has. */
export const secretNumber = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.string({ unit: fc.constantFrom(...Array.from('2345678')), minLength: 4, maxLength: 9 }),
    fc.option(
      fc.string({ unit: fc.constantFrom(...Array.from('2345678')), minLength: 4, maxLength: 6 }),
    ),
    fc.constantFrom('', '', 'e5', 'E-7', 'e+25'),
  )
  .map(([sign, whole, fraction, exponent]) => {
    return `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent}`
  })

/** A value as it is written, with the secrets in it. */
export interface Planted {
  readonly json: string
  readonly secrets: readonly string[]
}

/** In canonical form, with each character escaped, or as PHP writes slashes. */
const spelled = fc
  .tuple(secretText, fc.constantFrom('plain', 'escaped', 'slashes'))
  .map(([text, how]) => {
    const plain = JSON.stringify(text)
    const units = Array.from({ length: text.length }, (_, i) => hex(text.charCodeAt(i)))
    if (how === 'escaped') return { json: `"${units.join('')}"`, secrets: [text] }
    return { json: how === 'plain' ? plain : `${plain.slice(0, -1)}\\/"`, secrets: [text] }
  })

const hex = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`

const leaf: fc.Arbitrary<Planted> = fc.oneof(
  spelled,
  // The sign and the exponent stay.
  secretNumber.map((json) => ({ json, secrets: [json.replace(/e.*$/i, '')] })),
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1.0', '0.5', '{}', '[]').map((json) => {
    return { json, secrets: [] }
  }),
)

const known = fc.constantFrom('data', 'id', 'name', 'ts', 'url', 'message')

export const { planted } = fc.letrec<{ planted: Planted }>((tie) => ({
  planted: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('planted'), { maxLength: 4 }).map((all) => ({
      json: `[${all.map(({ json }) => json).join(' , ')}]`,
      secrets: all.flatMap(({ secrets }) => secrets),
    })),
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(fc.oneof(secretText, secretToken, known), tie('planted')), {
          maxLength: 5,
          selector: ([name]) => name,
        }),
        fc.boolean(),
      )
      .map(([members, isSorted]) => objectOf(members, isSorted)),
  ),
}))

export function objectOf(
  members: readonly (readonly [string, Planted])[],
  isSorted: boolean,
): Planted {
  const ordered = isSorted ? members.toSorted(([a], [b]) => (a < b ? -1 : 1)) : members
  const names = members.map(([name]) => name).filter((name) => /[QZJVWKYU]{4}/.test(name))
  return {
    json: `{${ordered.map(([name, { json }]) => `${JSON.stringify(name)}:${json}`).join(',')}}`,
    secrets: [...names, ...members.flatMap(([, { secrets }]) => secrets)],
  }
}

/** The parts of four characters of any secret that are in a text. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => {
    const parts = Array.from({ length: secret.length - 3 }, (_, i) => secret.slice(i, i + 4))
    return parts.filter((part) => /[A-Z2-9]/.test(part) && text.includes(part))
  })
}
