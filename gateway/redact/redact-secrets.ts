/**
 * Takes secrets out of text by what they look like. A secret in the wrong place (a signing key as a
 * route's name, a password in a URL) is known by its content alone, so every message that quotes
 * input passes through here: problems of the configuration, errors, the log, what commands print.
 *
 * No pattern looks at a character more than a few times: the text may be as long as its author likes.
 */

/** A secret that shows nothing of itself, however it is printed. */
export const REDACTED = '[redacted]'

export abstract class Redacted {
  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  /** What `util.inspect` and `console.log` print. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}

/** Up to what ends a word in a message, in YAML or JSON. */
const REST_OF_WORD = String.raw`[^\s"'\`,:;<>()[\]{}&]*`

/** What cannot be anything else than a secret, wherever it is. */
const UNMISTAKABLE = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  // The hyphens may be percent-encoded, in a path.
  new RegExp(String.raw`signkey(?:-|%2D)(?=\w)${REST_OF_WORD}`, 'gi'),
  new RegExp(String.raw`sk(?:-|%2D)inn(?:-|%2D)(?=\w)${REST_OF_WORD}`, 'gi'),
]

/** What is most likely one. The parts that are kept say what it was. */
const LIKELY: readonly (readonly [RegExp, string])[] = [
  [
    /\b(authorization(?:\s*[:=]\s*(?:bearer\s+|basic\s+)?|\s+(?:bearer|basic)\s+))[^\s"']+/gi,
    `$1${REDACTED}`,
  ],
  // The path of the address that takes events is the event key.
  [/(\binn\.gs\/e\/)[^\s"'`?#/]+/gi, `$1${REDACTED}`],
  // A signing key without its prefix, the hash of one, a MAC.
  [/[0-9a-f]{32,}/gi, REDACTED],
  // Event keys and other tokens: one long word of small and capital letters and digits.
  [/(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}={0,2}/g, REDACTED],
]

/** A query parameter, a line of an .env file. */
const ASSIGNMENT = /(?<![\w.%-])([\w.%-]+)=(?!\s)[^\s"'`&]*/g

/** `${NAME:-default}`. */
const DEFAULT_OF_VARIABLE = /(\$\{(\w{1,100}):?[-=?+])[^}\s]*/g

const SECRET_NAME =
  /passw|passphrase|pwd|secret|token|credential|signature|(?:api|event|signing|signature|access|private|auth)[-_]?key|bypass|^(?:pass|key|sig|auth)$/i

export function redactSecrets(text: string): string {
  let redacted = redactKeys(text)
    // A URL up to the next space: a password that nobody escaped may hold any mark.
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
 * Takes out only what cannot be anything else. For the ids and paths of requests, which operators search
 * by: the id of a step is forty hexadecimal digits.
 */
export function redactKeys(text: string): string {
  if (!holdsAny(text)) return text
  return UNMISTAKABLE.reduce((redacted, pattern) => redacted.replace(pattern, REDACTED), text)
}

const holdsAny = (text: string) => /signkey(?:-|%2D)|sk(?:-|%2D)inn|-----BEGIN/i.test(text)

/** `user:password@`, with or without a scheme, and whatever a URL would have had to escape in it. */
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

/** Whether a text holds a key. A name such as `signkey-fallback` is hidden in messages, and is none. */
export function holdsKey(text: string): boolean {
  return /signkey(?:-|%2D)\w+(?:-|%2D)\w|sk(?:-|%2D)inn(?:-|%2D)api(?:-|%2D)\w|-----BEGIN [A-Z0-9 ]*PRIVATE KEY/i.test(
    text,
  )
}
