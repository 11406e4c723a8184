/**
 * What a release is made of; .github/workflows/release.yml runs this, and RELEASE.md says how.
 *
 *   node build/release.ts check TAG          the tag and every place that names a version agree
 *   node build/release.ts notes TAG          prints the section of CHANGELOG.md
 *   node build/release.ts files TAG FOLDER   archive, bill of materials, chart and notes. Needs Helm.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { releaseNotes } from './release-notes.ts'
import { unlikeTag } from './versions.ts'

const root = path.join(import.meta.dirname, '..')

function check(tag: string): void {
  const wrong = unlikeTag(root, tag)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  notesOf(tag)
}

function notesOf(tag: string): string {
  return releaseNotes(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), tag.slice(1))
}

function makeFiles(tag: string, folder: string): void {
  check(tag)
  const target = path.resolve(folder)
  const at = (name: string) => path.join(target, name)
  const name = `inngest-gateway-${tag.slice(1)}`
  mkdirSync(target, { recursive: true })
  // Both programs call their archive the same.
  run('helm', 'package', 'deploy/helm/inngest-gateway', '--destination', target)
  renameSync(at(`${name}.tgz`), at(`inngest-gateway-chart-${tag.slice(1)}.tgz`))
  // Builds first (`prepack`).
  run('npm', 'pack', '--pack-destination', target)
  copyFileSync(path.join(root, 'dist/sbom.cdx.json'), at(`${name}.cdx.json`))
  writeFileSync(at('notes.md'), notesOf(tag))
}

function run(command: string, ...args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

const [command = '', tag = '', folder] = process.argv.slice(2)
try {
  if (command === 'check') check(tag)
  else if (command === 'notes') process.stdout.write(notesOf(tag))
  else if (command === 'files' && folder !== undefined) makeFiles(tag, folder)
  else throw new Error('write check TAG, notes TAG or files TAG FOLDER')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
