/** Runs a command of deploy/kubernetes/README.md without a cluster: the applied objects are recorded. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { parse } from 'yaml'

import { manifestFolder } from './kustomize.ts'

/** `create --dry-run=client` is the real kubectl's; a cluster with one Secret replaces the rest. */
const kubectlShim = `#!/bin/sh
case " $* " in
*" apply "*) cat > "$APPLIED" ;;
*" get secret "*) sed -n 's/^  current: //p' "$APPLIED" | base64 -d ;;
*) exec "$KUBECTL" "$@" ;;
esac
`

export type SecretFiles = Readonly<Record<string, string>>

export class Cluster {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'cluster-'))
  readonly #applied = path.join(this.#folder, 'applied.yaml')

  constructor() {
    writeFileSync(path.join(this.#folder, 'kubectl'), kubectlShim, { mode: 0o755 })
  }

  /**
   * @param name in a comment above the command.
   * @param input the typed text.
   * @returns the Secret in the cluster afterwards.
   */
  run(name: string, input = ''): { readonly name: string; readonly files: SecretFiles } {
    const kubectl = execFileSync('which', ['kubectl'], { encoding: 'utf8' }).trim()
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', commandIn(name)], {
      input,
      encoding: 'utf8',
      env: {
        PATH: `${this.#folder}:${process.env['PATH'] ?? ''}`,
        TMPDIR: this.#folder,
        APPLIED: this.#applied,
        KUBECTL: kubectl,
        namespace: 'billing',
      },
    })
    if (status !== 0 || !existsSync(this.#applied)) throw new Error(`${name}: ${stderr}`)
    const secret = parse(readFileSync(this.#applied, 'utf8')) as Secret
    const files = Object.entries(secret.data).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64').toString(),
    ])
    return { name: secret.metadata.name, files: Object.fromEntries(files) as SecretFiles }
  }

  stop(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly data: Readonly<Record<string, string>>
}

/** @param name as for `Cluster.run`. */
export function commandIn(name: string): string {
  const text = readFileSync(path.join(manifestFolder, 'README.md'), 'utf8')
  const [, command] =
    new RegExp(`<!-- tested: ${name} -->\\s+\`\`\`sh\n(.*?)\`\`\``, 's').exec(text) ?? []
  if (command === undefined) throw new Error(`README.md has no command ${name}`)
  return command
}
