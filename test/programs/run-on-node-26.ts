/**
 * `npm run test:node26 [-- <arguments of vitest run>]`: the test suite on Node 26 instead of the Node 24
 * that the lockfile installs. npm downloads that Node once, into node_modules/.cache.
 *
 * Every process that a test starts runs on Node 26 too: tests start the gateway with `process.execPath`,
 * and that folder is first on the PATH. test/e2e/node-version.test.ts checks both.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The tested release of Node 26. `engines` in package.json and README.md name it too. */
export const NODE_26 = '26.10.0'

const repository = path.resolve(import.meta.dirname, '../..')
const folder = path.join(repository, 'node_modules/.cache', `node-${NODE_26}`)

/**
 * The npm package with the binary of one platform. The package `node` is not used: all it does is install
 * this one, by an install script, which npm does not run unless the scripts of `node` are allowed.
 */
export function nodePackage(platform: NodeJS.Platform, arch: NodeJS.Architecture): string {
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${platform}-${arch}`
}

/** @returns the path of the `node` binary, and installs it if it is missing. */
export function findOrInstall(): string {
  const name = nodePackage(process.platform, process.arch)
  const binary = path.join(folder, 'node_modules', name, 'bin/node')
  if (versionOf(binary) === NODE_26) return binary
  console.log(`Installing Node ${NODE_26} into ${path.relative(repository, folder)}`)
  mkdirSync(folder, { recursive: true })
  // Without a package.json of its own, npm would change that of the repository.
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${NODE_26}`]
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error(`npm could not install ${name}@${NODE_26}; its output is above`)
  if (versionOf(binary) !== NODE_26) throw new Error(`${binary} is not Node ${NODE_26}`)
  return binary
}

function versionOf(binary: string): string | undefined {
  if (!existsSync(binary)) return undefined
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return stdout.trim().replace(/^v/, '')
}

/** @returns an exit code. */
function runSuite(args: readonly string[]): number {
  const binary = findOrInstall()
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(binary, [vitest, 'run', ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${path.dirname(binary)}${path.delimiter}${process.env['PATH'] ?? ''}`,
      EXPECTED_NODE_VERSION: NODE_26,
    },
  })
  return status ?? 1
}

if (import.meta.main) process.exitCode = runSuite(process.argv.slice(2))
