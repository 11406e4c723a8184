/** The licenses of the packages that are in the build, in one file. */
import type { Plugin } from 'rolldown'
import { licensePlugin, type LicenseInfo } from 'rolldown-license-plugin'

const FILE = 'THIRD-PARTY-NOTICES.txt'

/** Those that ask for nothing but their text where a copy is passed on. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

export function notices(): Plugin {
  return licensePlugin({
    allow: ({ license, licenseText }) => ALLOWED.includes(license) && licenseText !== '',
    failOnViolation: true,
    failOnUnlicensed: true,
    done: (packages, context) => {
      context.emitFile({ type: 'asset', fileName: FILE, source: textOf(packages) })
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
