/**
 * Runs the command that the arguments name. Exit codes: 0 fine, 1 failed while running, 2 wrongly used. It waits
 * here, at the top of a module: only then the build keeps what each command loads apart (rolldown 1.3).
 */
import { inspect } from 'node:util'

import { CommanderError } from 'commander'

import { program } from './program.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'

try {
  await program.parseAsync()
} catch (error) {
  const isUsage = error instanceof CommanderError
  // As Node would print it, but without secrets: what was thrown may quote its input.
  if (!isUsage) console.error(redactSecrets(inspect(error)))
  process.exitCode = !isUsage ? 1 : error.exitCode === 0 ? 0 : 2
}
