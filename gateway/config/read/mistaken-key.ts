/**
 * Texts that operators paste in place of a signing key, so that the message names the mistake. With most of
 * them the gateway would start and refuse every request, because no signature could match.
 */

/** Placeholders of examples and templates: anyone can sign with them. */
const PLACEHOLDERS = [
  // xxxx, ..., 0000
  /^[x*.…0-]+$/i,
  // <your key>, ${KEY}, {{ .Values.key }}, [key]
  /^[<[{$%]|[>\]}]$/,
  /^(?:change|replace|fill)[-_ ]?(?:me|this|in)$/i,
  /^(?:placeholder|todo|null|undefined|none)$/i,
  // secret, your-signing-key, MY_INNGEST_SIGNING_KEY_HERE
  /^(?:(?:your|my|the|example|dummy|test|some|inngest|signing|key|secret|here)[-_ ]?)+$/i,
]

const QUOTES = /^["'`“”‘’]|["'`“”‘’]$/

const TAKE = "take the signing key from Inngest's dashboard"

export const EVENT_KEY = `an event key, which signs nothing: ${TAKE}`

interface Mistake {
  readonly isIt: (text: string) => boolean
  /** The mistake, and how to correct it. */
  readonly found: string
}

/** The order matters: removing the quotes from an API key does not make it a signing key. */
const MISTAKES: readonly Mistake[] = [
  {
    isIt: (text) => /^sk-inn-/i.test(text.replace(QUOTES, '')),
    found: `an API key, which signs nothing: ${TAKE}`,
  },
  {
    isIt: (text) => /-----BEGIN /.test(text),
    found: `a PEM file, which is no key of Inngest's: ${TAKE}`,
  },
  {
    isIt: (text) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text),
    found: `a URL: ${TAKE}`,
  },
  {
    isIt: (text) => /^(?:export\s+)?(?:[A-Z][A-Z0-9]*_[A-Z0-9_]*|\w*[kK]ey)\s*[=:]\s*\S/.test(text),
    found: 'a whole line of an .env file: remove the variable name and the = after it',
  },
  {
    isIt: (text) => QUOTES.test(text),
    found: 'quotes around the key: remove the quotes',
  },
  {
    isIt: (text) => /\s(?:#|\/\/)/.test(text),
    found: 'a comment after the key: remove the comment',
  },
  {
    isIt: (text) => areSeveral(text),
    found: 'several keys: give each key its own variable or file and its own entry in signingKeys',
  },
  {
    isIt: isPlaceholder,
    found: `a placeholder: ${TAKE}`,
  },
  {
    isIt: (text) => /(?:\.\.\.|…|\*{3,}|•)/.test(text),
    found: 'a key that was shortened for display: copy the whole key',
  },
  {
    isIt: (text) => /\s/.test(text),
    found: 'white space inside the key: remove it',
  },
  {
    isIt: (text) => /^sha-?(?:256|512)?[:=-]/i.test(text),
    found: 'the hash of a key: signatures are made with the key itself',
  },
  {
    isIt: isEventKey,
    found: `what looks like ${EVENT_KEY}`,
  },
]

/** @returns undefined if it may be a signing key. The result never contains any of the text. */
export function mistakenFor(text: string): string | undefined {
  const trimmed = text.trim()
  return MISTAKES.find(({ isIt }) => isIt(trimmed))?.found
}

function isPlaceholder(text: string): boolean {
  const bare = text.replace(/^signkey-(?:\w+-)?/, '')
  return bare !== '' && PLACEHOLDERS.some((placeholder) => placeholder.test(bare))
}

function areSeveral(text: string): boolean {
  if (text.slice(1).includes('signkey-')) return true
  const parts = text.split(/[\s,;|]+/).filter((part) => part !== '')
  return parts.length > 1 && parts.every((part) => /^(?:signkey-\w+-)?[0-9a-f]{32,}$/i.test(part))
}

/** One long word of base64url. A signing key of Inngest's has hexadecimal digits only. */
function isEventKey(text: string): boolean {
  const isWord = /^[\w-]{64,}$/.test(text) && !text.startsWith('signkey-')
  return (
    isWord && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[g-z]/i.test(text) && /\d/.test(text)
  )
}
