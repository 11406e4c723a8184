/**
 * Replaces `${NAME}` and `${NAME:-default}` in the texts of a configuration after YAML was parsed. Keys are not
 * expanded, so no variable can add a key or change the structure. `$${` yields `${`.
 */
import { holdsKey, REDACTED } from '../../redact/redact-secrets.ts'
import { quotable } from '../../redact/safe-text.ts'
import { isMapping } from '../cross-checks.ts'
import { isSecretPath } from '../problem.ts'
import { meantVariable, type Environment } from './resolve-keys.ts'
import { takesText } from './schema-keys.ts'
import { scalarOf } from './yaml-traps.ts'

export type Expansion =
  | {
      readonly ok: true
      readonly value: unknown
      /** Names of the variables that were set. */
      readonly variables: readonly string[]
      /** Names of the variables that were replaced with their default. */
      readonly defaults: readonly string[]
    }
  | { readonly ok: false; readonly expected: string; readonly found: string }

type Failure = Expansion & { readonly ok: false }

const NONE: readonly string[] = []

/**
 * @param onText called for each text that has a variable.
 * @returns the value with every text expanded; a text with a problem stays unchanged.
 */
export function expandTexts(
  value: unknown,
  env: Environment,
  onText: (path: readonly PropertyKey[], expansion: Expansion) => void,
  path: readonly PropertyKey[] = [],
): unknown {
  const expandMember = (member: unknown, key: PropertyKey) =>
    expandTexts(member, env, onText, [...path, key])
  if (Array.isArray(value)) return value.map(expandMember)
  if (isMapping(value)) {
    // Keeps `__proto__` as an own key, as YAML has read it.
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, expandMember(member, key)]),
    )
  }
  if (typeof value !== 'string' || !value.includes('${')) return value
  const expansion = expandText(value, path, env)
  if (expansion === undefined) return value
  onText(path, expansion)
  return expansion.ok ? expansion.value : value
}

/** @returns undefined for the name of a variable, which has its own message. */
export function expandText(
  text: string,
  path: readonly PropertyKey[],
  env: Environment,
): Expansion | undefined {
  if (!isSecretPath(path)) return expand(text, path, env)
  const key = path.at(-1)
  if (key === 'env') return undefined
  if (key !== 'file') return inPlaceOfSecret(text)
  const expansion = expand(text, path, env)
  // The variable may contain the secret itself, which would be printed as a file name.
  const isPath = !expansion.ok || /^\.{0,2}\//.test(String(expansion.value))
  return isPath ? expansion : { ok: false, expected: 'a path with a /', found: REDACTED }
}

function inPlaceOfSecret(text: string): Failure {
  const name = VARIABLE.exec(text)?.groups?.['name'] ?? 'NAME'
  const expected = `a reference, env: ${name} or file: /path`
  return { ok: false, expected, found: 'a variable, and none is expanded where a secret belongs' }
}

/** An escape, a variable, or the start of a variable without an end. */
const VARIABLES = /\$\$\{|\$\{(?<inner>[^}]*)\}|\$\{/g
const VARIABLE = /^\$\{(?<name>[A-Za-z_]\w{0,127})(?::-(?<fallback>[^}]*))?\}$/

function expand(text: string, path: readonly PropertyKey[], env: Environment): Expansion {
  const variables: string[] = []
  const defaults: string[] = []
  let failure: Failure | undefined
  const expanded = text.replace(VARIABLES, (written) => {
    if (written === '$${') return '${'
    const reading = readVariable(written, env)
    if (!reading.ok) {
      failure ??= reading
      return written
    }
    const { name, isDefault } = reading
    const names = isDefault ? defaults : variables
    names.push(name)
    return reading.text
  })
  if (failure !== undefined) return failure
  const names = [...variables, ...defaults]
  if (names.length > 0 && holdsKey(expanded)) return secretIn(names)
  const isWhole = names.length === 1 && VARIABLE.test(text)
  const value = isWhole && !takesText(path) ? scalarOf(expanded) : expanded
  return { ok: true, value, variables, defaults: defaults.length > 0 ? defaults : NONE }
}

type VariableReading =
  | { readonly ok: true; readonly name: string; readonly text: string; readonly isDefault: boolean }
  | Failure

function readVariable(written: string, env: Environment): VariableReading {
  const { name, fallback } = VARIABLE.exec(written)?.groups ?? {}
  if (name === undefined || fallback?.includes('${') === true) {
    return {
      ok: false,
      expected: 'a variable as ${NAME} or ${NAME:-default}, or $${ for ${ itself',
      found: written === '${' ? '${ without its }' : quotable(written, 40),
    }
  }
  if (SECRET_NAME.test(name)) return secretIn([name])
  const text = env[name]
  // As in a shell, an empty variable gets its default, too.
  if (fallback !== undefined && (text ?? '') === '') {
    return { ok: true, name, text: fallback, isDefault: true }
  }
  if (text !== undefined) return { ok: true, name, text, isDefault: false }
  return {
    ok: false,
    expected: `the environment variable ${name}, or a default as in \${${name}:-value}`,
    found: `it unset${meantVariable(name, env)}`,
  }
}

/**
 * By name, because a password, or a key without its prefix, looks like any other text. Only at the end:
 * SECRETS_DIR and TOKEN_HOST contain no secret.
 */
const SECRET_NAME =
  /^INNGEST_(?:SIGNING|EVENT|API)_KEY|(?:^|_)(?:PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|TOKEN|(?:API|PRIVATE|SIGNING|ACCESS|SECRET)_?KEY)$/i

function secretIn(names: readonly string[]): Failure {
  const variables = names.map((name) => `\${${name}}`).join(', ')
  const expected = `no secret in ${variables}: secrets are read by reference only, env: NAME or file: /path`
  return { ok: false, expected, found: REDACTED }
}
