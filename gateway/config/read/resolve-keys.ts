/** Reads the signing keys that the configuration refers to. Their text never leaves this file. */
import { SigningKey } from '../../inngest/signing-key.ts'
import { holdsKey } from '../../redact/redact-secrets.ts'
import { didYouMean } from '../nearest.ts'
import { EVENT_KEY, mistakenFor } from './mistaken-key.ts'
import { readPlainFile, whyUnreadable } from './read-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type KeyReading =
  | { readonly ok: true; readonly key: SigningKey }
  | { readonly ok: false; readonly expected: string; readonly found: string }

const EVENT_VARIABLE = 'INNGEST_EVENT_KEY'

/** A signing key is 64 hex digits and a prefix, so a longer file is not a key. */
const MAX_KEY_FILE_BYTES = 4096

export function readKeyFromEnv(name: string, env: Environment): KeyReading {
  if (isKeyItself(name)) return keyItself
  if (!isVariableName(name)) return noVariableName(name)
  const text = env[name]
  const expected = `a signing key in the environment variable ${name}`
  if (text === undefined)
    return { ok: false, expected, found: `it unset${meantVariable(name, env)}` }
  const isEventKey = name !== EVENT_VARIABLE && text.trim() === env[EVENT_VARIABLE]?.trim()
  return parseKey(`env:${name}`, text, expected, isEventKey)
}

export function readKeyFromFile(file: string): KeyReading {
  if (isKeyItself(file)) return keyItself
  const expected = `a signing key in the file ${file}`
  try {
    const text = readPlainFile(file, MAX_KEY_FILE_BYTES).toString('utf8')
    return parseKey(`file:${file}`, text, expected, false)
  } catch (error) {
    return { ok: false, expected, found: whyUnreadable(error) }
  }
}

/** A reference is printed and logged, but a key pasted in its place must not be. */
function isKeyItself(reference: string): boolean {
  return holdsKey(reference) || /^signkey-\w+-|^[^/]*[0-9a-f]{32}/i.test(reference)
}

const keyItself = {
  ok: false,
  expected: 'the name of the variable or file that holds the key',
  found: 'what looks like the key itself',
} as const

/** The names that POSIX, systemd and Kubernetes allow. Another text may be the secret, and is not quoted. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][\w.-]{0,127}$/.test(text)
}

/** The set variable that a misspelled name may stand for. */
export function meantVariable(name: string, env: Environment): string {
  return didYouMean(name, Object.keys(env))
}

/** Only a shell writes `$` before a name. */
export function noVariableName(text: string) {
  const inShell = /^\$(?:\{([\w.-]+)\}|([\w.-]+))$/.exec(text)
  const name = inShell?.[1] ?? inShell?.[2]
  return name !== undefined && isVariableName(name)
    ? ({ ok: false, expected: "the variable's name without $", found: text } as const)
    : ({
        ok: false,
        expected: 'the name of a variable',
        found: 'no valid variable name',
      } as const)
}

function parseKey(label: string, text: string, expected: string, isEventKey: boolean): KeyReading {
  const key = SigningKey.parse(label, text)
  const mistake = mistakenFor(text)
  if (mistake !== undefined) return { ok: false, expected, found: mistake }
  // A self-hosted Inngest accepts one text for both.
  if (isEventKey && key?.hasInngestForm === false) return { ok: false, expected, found: EVENT_KEY }
  if (key !== undefined) return { ok: true, key }
  const found = text.trim() === '' ? 'it empty' : 'only a prefix, or characters no key has'
  return { ok: false, expected, found }
}
