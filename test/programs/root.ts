/** What only root may do: as root, or by sudo without a password. */
import { spawnSync } from 'node:child_process'

const SUDO = ['sh', '-c', 'exec sudo --non-interactive "$@"', 'sh'] as const

export function canBecomeRoot(): boolean {
  if (process.getuid?.() === 0) return true
  const [command, ...args] = SUDO
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0
}

/** @returns the command as root runs it, and fails for a user who cannot become root. */
export function asRoot(...command: readonly string[]): readonly string[] {
  if (process.getuid?.() === 0) return command
  if (!canBecomeRoot()) {
    throw new Error(
      `${command.join(' ')} needs root: run the tests as root, or as a user with sudo without a password`,
    )
  }
  return [...SUDO, ...command]
}
