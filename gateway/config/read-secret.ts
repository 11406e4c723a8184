/** Reads a secret that the configuration refers to. */
import { readFileSync } from 'node:fs'

import type { Environment } from './resolve-keys.ts'

export type SecretReference = { readonly env: string } | { readonly file: string }

export type SecretReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expected: string; readonly found: string }

export function readSecret(reference: SecretReference, env: Environment): SecretReading {
  return 'env' in reference ? fromEnvironment(reference.env, env) : fromFile(reference.file)
}

function fromEnvironment(name: string, env: Environment): SecretReading {
  return present(env[name], `a secret in the environment variable ${name}`)
}

function fromFile(file: string): SecretReading {
  const expected = `a secret in the file ${file}`
  try {
    // What editors and `echo` put at the end is no part of it.
    return present(readFileSync(file, 'utf8').replace(/\r?\n$/, ''), expected)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error'
    return { ok: false, expected, found: `${code} on reading it` }
  }
}

function present(text: string | undefined, expected: string): SecretReading {
  if (text !== undefined && text !== '') return { ok: true, text }
  return { ok: false, expected, found: text === undefined ? 'it unset' : 'it empty' }
}
