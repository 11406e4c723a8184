/** Secrets other than signing keys: reads them by their references, and checks their form. */
import { problemAt, type Locate, type Problem } from '../problem.ts'
import { type Environment, isVariableName, meantVariable, noVariableName } from './resolve-keys.ts'
import type { Config } from '../schema/config.ts'
import { StatusToken } from './status-token.ts'
import { readPlainFile, whyUnreadable } from './read-file.ts'

export interface Secrets {
  readonly replayPassword: string | undefined
  readonly sentinelPassword: string | undefined
  /** Undefined if the status page is off, or needs no token. */
  readonly statusToken: StatusToken | undefined
}

export type SecretsReading =
  | { readonly ok: true; readonly secrets: Secrets }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export function readSecrets(
  { replay, ops }: Pick<Config, 'replay' | 'ops'>,
  env: Environment,
  locate: Locate,
): SecretsReading {
  const problems: Problem[] = []
  const textOf = (
    path: readonly string[],
    reference: SecretReference | undefined,
    check: (reading: SecretReading) => SecretReading = (reading) => reading,
  ): string | undefined => {
    if (reference === undefined) return undefined
    const reading = check(readSecret(reference, env))
    if (reading.ok) return reading.text
    problems.push(problemAt(locate(path), reading))
    return undefined
  }
  const { enabled, token } = ops.statusPage
  const replayPassword = textOf(['replay', 'password'], replay.password)
  const sentinelPassword = textOf(['replay', 'sentinelPassword'], replay.sentinelPassword)
  const statusText = textOf(['ops', 'statusPage', 'token'], enabled ? token : undefined, checkToken)
  if (problems.length > 0) return { ok: false, problems }
  const statusToken = statusText === undefined ? undefined : StatusToken.parse(statusText)
  return { ok: true, secrets: { replayPassword, sentinelPassword, statusToken } }
}

function checkToken(reading: SecretReading): SecretReading {
  if (!reading.ok || StatusToken.parse(reading.text) !== undefined) return reading
  const expected = 'at least 16 characters of visible ASCII'
  return { ok: false, expected, found: 'something shorter, or other characters' }
}

/** Reads a secret that the configuration refers to. */
export type SecretReference = { readonly env: string } | { readonly file: string }

export type SecretReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expected: string; readonly found: string }

/** Longer than any password, so a longer file is not a secret. */
const MAX_SECRET_BYTES = 4096

function readSecret(reference: SecretReference, env: Environment): SecretReading {
  return 'env' in reference ? fromEnvironment(reference.env, env) : fromFile(reference.file)
}

function fromEnvironment(name: string, env: Environment): SecretReading {
  if (!isVariableName(name)) return noVariableName(name)
  return present(
    env[name],
    `a secret in the environment variable ${name}`,
    meantVariable(name, env),
  )
}

function fromFile(file: string): SecretReading {
  const expected = `a secret in the file ${file}`
  try {
    const text = readPlainFile(file, MAX_SECRET_BYTES).toString('utf8')
    // A line break added by an editor or `echo` is not part of the secret.
    return present(text.replace(/\r?\n$/, ''), expected)
  } catch (error) {
    return { ok: false, expected, found: whyUnreadable(error) }
  }
}

function present(text: string | undefined, expected: string, meant = ''): SecretReading {
  if (text !== undefined && text !== '') return { ok: true, text }
  return { ok: false, expected, found: text === undefined ? `it unset${meant}` : 'it empty' }
}
