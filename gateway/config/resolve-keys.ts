/** Reads the signing keys that the configuration refers to. Their text never leaves this file. */
import { SigningKey } from '../inngest/signing-key.ts'
import { readPlainFile, whyUnreadable } from './read-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type KeyReading =
  | { readonly ok: true; readonly key: SigningKey }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** A signing key is 64 hex digits and a prefix; a longer file is something else. */
const MAX_KEY_FILE_BYTES = 4096

export function readKeyFromEnv(name: string, env: Environment): KeyReading {
  if (isKeyItself(name)) return keyItself
  if (name.startsWith('$')) return dollarBefore(name)
  const text = env[name]
  const expected = `a signing key in the environment variable ${name}`
  if (text === undefined) return { ok: false, expected, found: 'it unset' }
  return parseKey(`env:${name}`, text, expected)
}

export function readKeyFromFile(file: string): KeyReading {
  if (isKeyItself(file)) return keyItself
  const expected = `a signing key in the file ${file}`
  try {
    const text = readPlainFile(file, MAX_KEY_FILE_BYTES).toString('latin1')
    return parseKey(`file:${file}`, text, expected)
  } catch (error) {
    return { ok: false, expected, found: whyUnreadable(error) }
  }
}

/** A reference is printed and logged; a key pasted in its place must not be. */
function isKeyItself(reference: string): boolean {
  return /^signkey-\w+-|^[^/]*[0-9a-f]{32}/i.test(reference)
}

const keyItself = {
  ok: false,
  expected: 'the name of the variable or file that holds the key',
  found: 'what looks like the key itself',
} as const

/** Only a shell has it before a name. */
export function dollarBefore(name: string) {
  return { ok: false, expected: "the variable's name without $", found: name } as const
}

/** What stands in examples and templates that nobody has filled in: anybody can sign with it. */
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

function isPlaceholder(text: string): boolean {
  const bare = text.trim().replace(/^signkey-\w+-/, '')
  return PLACEHOLDERS.some((placeholder) => placeholder.test(bare))
}

function parseKey(label: string, text: string, expected: string): KeyReading {
  if (isPlaceholder(text)) return { ok: false, expected, found: 'a placeholder' }
  const key = SigningKey.parse(label, text)
  if (key !== undefined) return { ok: true, key }
  const found = text.trim() === '' ? 'it empty' : 'only a prefix, or characters no key has'
  return { ok: false, expected, found }
}
