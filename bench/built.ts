/** The build that is measured: made once for each run, so that it is never an older one. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
let main: string | undefined

/** @returns the file that Node starts. @throws if there is no build to measure. */
export function builtMain(): string {
  main ??= build()
  return main
}

function build(): string {
  const args = [path.join(root, 'build/main.ts')]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the build failed: ${stderr}`)
  return path.join(root, 'dist/main.js')
}
