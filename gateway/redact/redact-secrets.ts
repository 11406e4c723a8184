/**
 * Removes secrets from text by their form. A secret in the wrong place (a signing key as a route's name, a
 * password in a URL) can be recognized only by its form. So every message that quotes input passes through
 * here: configuration problems, errors, the log, and the output of commands.
 *
 * No pattern reads a character more than a few times, because the length of the text is not bounded.
 */

/** A secret that cannot be printed by accident. */
export const REDACTED = '[redacted]'

export abstract class Redacted {
  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  /** For `util.inspect` and `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** The rest of a word in a message, in YAML or in JSON. */
const REST_OF_WORD = String.raw`[^\s"'\`,:;<>()[\]{}&]*`

/** Forms that are always a secret. */
const UNMISTAKABLE = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  // In a path, the hyphens may be percent-encoded.
  new RegExp(String.raw`signkey(?:-|%2D)(?=\w)${REST_OF_WORD}`, 'gi'),
  new RegExp(String.raw`sk(?:-|%2D)inn(?:-|%2D)(?=\w)${REST_OF_WORD}`, 'gi'),
]

/** Forms that are probably a secret. The parts that are kept show what it was. */
const LIKELY: readonly (readonly [RegExp, string])[] = [
  [
    /\b(authorization(?:\s*[:=]\s*(?:bearer\s+|basic\s+)?|\s+(?:bearer|basic)\s+))[^\s"']+/gi,
    `$1${REDACTED}`,
  ],
  // The path of the event API is the event key.
  [/(\binn\.gs\/e\/)[^\s"'`?#/]+/gi, `$1${REDACTED}`],
  // A signing key without its prefix, the hash of one, a MAC.
  [/[0-9a-f]{32,}/gi, REDACTED],
  // Event keys and other tokens: one long word of small and capital letters and digits.
  [/(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}={0,2}/g, REDACTED],
]

/** A query parameter, or a line of an .env file. */
const ASSIGNMENT = /(?<![\w.%-])([\w.%-]+)=(?!\s)[^\s"'`&]*/g

/** `${NAME:-default}`. */
const DEFAULT_OF_VARIABLE = /(\$\{(\w{1,100}):?[-=?+])[^}\s]*/g

const SECRET_NAME =
  /passw|passphrase|pwd|secret|token|credential|signature|(?:api|event|signing|signature|access|private|auth)[-_]?key|bypass|^(?:pass|key|sig|auth)$/i

export function redactSecrets(text: string): string {
  let redacted = redactKeys(text)
    // A URL up to the next space, because an unescaped password may contain any character.
    .replace(/(?<![a-z\d+.-])[a-z][a-z\d+.-]{0,30}:\/\/\S*/gi, withoutUserinfo)
    .replace(/[^\s"'`<>]+/g, withoutUserinfo)
    .replace(/(%3A%2F%2F)\S{0,500}%40/gi, `$1${REDACTED}%40`)
    .replace(DEFAULT_OF_VARIABLE, (whole, start: string, name: string) =>
      SECRET_NAME.test(name) ? `${start}${REDACTED}` : whole,
    )
    .replace(ASSIGNMENT, (whole, name: string) =>
      SECRET_NAME.test(name) ? `${name}=${REDACTED}` : whole,
    )
  for (const [pattern, replacement] of LIKELY) redacted = redacted.replace(pattern, replacement)
  return redacted
}

/**
 * Removes only what is always a secret. For the ids and paths of requests, by which operators search: the id of
 * a step is forty hexadecimal digits.
 */
export function redactKeys(text: string): string {
  if (!holdsAny(text)) return text
  return UNMISTAKABLE.reduce((redacted, pattern) => redacted.replace(pattern, REDACTED), text)
}

const holdsAny = (text: string) => /signkey(?:-|%2D)|sk(?:-|%2D)inn|-----BEGIN/i.test(text)

/** Removes `user:password@`, with or without a scheme, also if its characters are not escaped. */
function withoutUserinfo(word: string): string {
  const end = word.lastIndexOf('@')
  const before = end === -1 ? '' : word.slice(0, end)
  const colon = before.indexOf(':')
  if (colon === -1) return word
  if (before.startsWith('://', colon)) {
    // A name in a stack trace.
    if (/(?:^|\()file$/.test(before.slice(0, colon))) return word
    return `${before.slice(0, colon + 3)}${REDACTED}${word.slice(end)}`
  }
  const start = Math.max(
    ...['=', '(', '[', '{', ','].map((mark) => before.lastIndexOf(mark, colon)),
  )
  return `${before.slice(0, start + 1)}${REDACTED}${word.slice(end)}`
}

/** Whether a text contains a key. A name such as `signkey-fallback` is hidden in messages but is not a key. */
export function holdsKey(text: string): boolean {
  return /signkey(?:-|%2D)\w+(?:-|%2D)\w|sk(?:-|%2D)inn(?:-|%2D)api(?:-|%2D)\w|-----BEGIN [A-Z0-9 ]*PRIVATE KEY/i.test(
    text,
  )
}
