/**
 * The package as npm would publish it: packed, which builds it (`prepack`), and installed globally in an empty
 * prefix without network.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface InstalledPackage {
  /** As npm publishes it. */
  readonly archive: string
  /** As npm links it for the PATH. */
  readonly command: string
  /** The folder with the contents of the archive. */
  readonly folder: string
  remove(): void
}

export function packAndInstall(): InstalledPackage {
  const scratch = mkdtempSync(path.join(tmpdir(), 'gateway-package-'))
  const prefix = path.join(scratch, 'prefix')
  runNpm(['pack', '--pack-destination', scratch], process.env)
  const name = readdirSync(scratch).find((entry) => entry.endsWith('.tgz'))
  if (name === undefined) throw new Error('npm pack wrote no archive')
  const archive = path.join(scratch, name)
  const install = ['install', '--global', '--offline', '--prefix', prefix]
  // Without a proxy, a registry, a cache or settings of the user.
  runNpm([...install, archive], { PATH: process.env['PATH'], HOME: scratch })
  return {
    archive,
    command: path.join(prefix, 'bin/inngest-gateway'),
    folder: path.join(prefix, 'lib/node_modules/inngest-gateway'),
    remove: () => {
      rmSync(scratch, { recursive: true })
    },
  }
}

function runNpm(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr } = spawnSync('npm', args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`)
}
