/** Reads a secret that the configuration refers to. */
import { readPlainFile, whyUnreadable } from './read-file.ts'
import { isVariableName, noVariableName, type Environment } from './resolve-keys.ts'

export type SecretReference = { readonly env: string } | { readonly file: string }

export type SecretReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** Longer than any password; a longer file is something else. */
const MAX_SECRET_BYTES = 4096

export function readSecret(reference: SecretReference, env: Environment): SecretReading {
  return 'env' in reference ? fromEnvironment(reference.env, env) : fromFile(reference.file)
}

function fromEnvironment(name: string, env: Environment): SecretReading {
  if (!isVariableName(name)) return noVariableName(name)
  return present(env[name], `a secret in the environment variable ${name}`)
}

function fromFile(file: string): SecretReading {
  const expected = `a secret in the file ${file}`
  try {
    const text = readPlainFile(file, MAX_SECRET_BYTES).toString('utf8')
    // What editors and `echo` put at the end is no part of it.
    return present(text.replace(/\r?\n$/, ''), expected)
  } catch (error) {
    return { ok: false, expected, found: whyUnreadable(error) }
  }
}

function present(text: string | undefined, expected: string): SecretReading {
  if (text !== undefined && text !== '') return { ok: true, text }
  return { ok: false, expected, found: text === undefined ? 'it unset' : 'it empty' }
}
