/** A program that ends by itself, its exit code and all that it said. */
import { spawnSync } from 'node:child_process'

export interface Ended {
  readonly code: number | null
  readonly said: string
}

/** @param cwd where it runs; by default the root of the repository. */
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
