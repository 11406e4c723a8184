/** A copy of the repository in another folder: changes there do not disturb other tests. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Not used by a release, or large. */
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'coverage', 'bench', 'test', 'docs/site']

export interface RepositoryCopy {
  readonly folder: string
  remove(): void
}

export function copyRepository(): RepositoryCopy {
  const folder = mkdtempSync(path.join(tmpdir(), 'repository-'))
  cpSync('.', folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => !LEFT_OUT.includes(file),
  })
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true })
    },
  }
}
