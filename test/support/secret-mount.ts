/** A folder as Kubernetes mounts a Secret: files are symlinks into a folder that is itself a symlink. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

export interface SecretMount {
  /** Where a file of that name is. */
  fileOf(name: string): string
  /** Replaces all files with one rename; new files get their symlinks after it. */
  put(files: Readonly<Record<string, string>>): void
}

export function mountSecret(files: Readonly<Record<string, string>>): SecretMount {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-secret-'))
  folders.push(folder)
  let version = 0
  const linked = new Set<string>()
  const put = (next: Readonly<Record<string, string>>) => {
    const data = `..${String((version += 1))}`
    mkdirSync(path.join(folder, data))
    for (const [name, text] of Object.entries(next)) {
      writeFileSync(path.join(folder, data, name), text)
    }
    symlinkSync(data, path.join(folder, '..new'))
    renameSync(path.join(folder, '..new'), path.join(folder, '..data'))
    for (const name of Object.keys(next)) {
      if (linked.has(name)) continue
      linked.add(name)
      symlinkSync(path.join('..data', name), path.join(folder, name))
    }
  }
  put(files)
  return { fileOf: (name) => path.join(folder, name), put }
}
