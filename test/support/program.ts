/** Runs a program to its end, and returns its exit code and output. */
import { spawnSync } from 'node:child_process'

export interface Ended {
  readonly code: number | null
  readonly said: string
}

/** @param cwd its working directory; by default the root of the repository. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  })
  if (error !== undefined) throw error
  return { code: status, said: stdout + stderr }
}
