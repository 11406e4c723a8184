/**
 * Runs the command that the arguments name. Exit codes: 0 success, 1 failure while running, 2 wrong usage. It
 * uses top-level await, because only then the build puts the code of each command into a chunk of its own
 * (rolldown 1.3).
 */
import { inspect } from 'node:util'

import { CommanderError } from 'commander'

import { program } from './program.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'

try {
  await program.parseAsync()
} catch (error) {
  const isUsage = error instanceof CommanderError
  // In Node's format, but without secrets: an error may quote its input.
  if (!isUsage) console.error(redactSecrets(inspect(error)))
  process.exitCode = !isUsage ? 1 : error.exitCode === 0 ? 0 : 2
}
