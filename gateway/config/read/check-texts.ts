/**
 * Texts that pass the schema but are mistakes: a key in place of a name, which would be printed and exported,
 * or a variable that was not replaced.
 */
import { isMapping } from '../cross-checks.ts'
import { isSecretPath, problemAt, type Locate, type Problem } from '../problem.ts'
import { holdsKey, REDACTED } from '../../redact/redact-secrets.ts'
import { isUnexpanded, UNEXPANDED } from './yaml-traps.ts'

const NO_KEY = 'no signing key here: put the key in a variable or file, and name it in signingKeys'

export function checkTexts(value: unknown, locate: Locate): Problem[] {
  const problems: Problem[] = []
  const visit = (each: unknown, path: readonly PropertyKey[]): void => {
    // References have their own messages.
    if (isSecretPath(path)) return
    if (typeof each === 'string') {
      const problem = problemOf(each)
      if (problem !== undefined) problems.push(problemAt(locate(path), problem))
    } else if (Array.isArray(each)) {
      for (const [i, item] of each.entries()) visit(item, [...path, i])
    } else if (isMapping(each)) {
      for (const [key, item] of Object.entries(each)) visit(item, [...path, key])
    }
  }
  visit(value, [])
  return problems
}

function problemOf(text: string): Pick<Problem, 'expected' | 'found'> | undefined {
  if (holdsKey(text)) return { expected: NO_KEY, found: REDACTED }
  if (!isUnexpanded(text)) return undefined
  return { expected: 'a value', found: `a variable, ${UNEXPANDED}` }
}
