/** The packages that are in the build: their licenses in one file, and a bill of materials. */
import type { Plugin } from 'rolldown'
import { licensePlugin, type LicenseInfo } from 'rolldown-license-plugin'

import { sbomOf } from './sbom.ts'

const FILE = 'THIRD-PARTY-NOTICES.txt'

/** Scanners of packages and images look for names that end so. */
const SBOM = 'sbom.cdx.json'

/** Those that ask for nothing but their text where a copy is passed on. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

export function notices(root: string): Plugin {
  return licensePlugin({
    allow: ({ license, licenseText }) => ALLOWED.includes(license) && licenseText !== '',
    failOnViolation: true,
    failOnUnlicensed: true,
    done: (packages, context) => {
      context.emitFile({ type: 'asset', fileName: FILE, source: textOf(packages) })
      context.emitFile({ type: 'asset', fileName: SBOM, source: sbomOf(packages, root) })
    },
  })
}

function textOf(packages: readonly LicenseInfo[]): string {
  const order = new Intl.Collator('en')
  const sections = packages
    .toSorted((a, b) => order.compare(a.name, b.name))
    .map(
      ({ name, version, license, licenseText }) =>
        `${name} ${version}\nLicense: ${license}\n\n${licenseText.trim()}\n`,
    )
  const line = `\n${'-'.repeat(80)}\n\n`
  return [`inngest-gateway contains these packages:\n`, ...sections].join(line)
}
