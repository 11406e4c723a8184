#!/usr/bin/env node
/**
 * The entry point. Every version of Node can parse the build of this file, so that one that is too old reports
 * this instead of a syntax error. So nothing is imported here before the version is checked, and there is no
 * `await`, `?.` or `??`.
 */

/** As `engines` in package.json; the first is the oldest. */
const SUPPORTED = ['24.18.1', '26.10.0']

function isOlder(version: string, than: string): boolean {
  const [major, minor, patch] = version.split('.').map(Number)
  const [otherMajor, otherMinor, otherPatch] = than.split('.').map(Number)
  if (major !== otherMajor) return Number(major) < Number(otherMajor)
  if (minor !== otherMinor) return Number(minor) < Number(otherMinor)
  return Number(patch) < Number(otherPatch)
}

if (isOlder(process.versions.node, String(SUPPORTED[0]))) {
  const needed = SUPPORTED.map(
    (version) => 'Node ' + String(parseInt(version)) + ' from ' + version,
  )
  console.error(
    `inngest-gateway needs ${needed.join(' or ')}; this is Node ${process.versions.node}.`,
  )
  process.exitCode = 2
} else {
  void import('./cli/command-line.ts')
}
