/**
 * What is in the build, as a CycloneDX document: a scanner finds no package in `dist/` by itself. It has no time
 * and no number of its own, so that the same source makes the same file.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import type { LicenseInfo } from 'rolldown-license-plugin'

interface Lockfile {
  readonly version: string
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string }>
  >
}

const NAME = 'inngest-gateway'

export function sbomOf(packages: readonly LicenseInfo[], root: string): string {
  const lockfile = JSON.parse(
    readFileSync(path.join(root, 'package-lock.json'), 'utf8'),
  ) as Lockfile
  const gateway = component(Enums.ComponentType.Application, {
    name: NAME,
    version: lockfile.version,
    license: 'Apache-2.0',
  })
  const metadata = new Models.Metadata({ component: gateway })
  metadata.lifecycles.add(Enums.LifecyclePhase.Build)
  const bom = new Models.Bom({ metadata })
  for (const info of packages) {
    const library = component(Enums.ComponentType.Library, info)
    library.hashes.set(Enums.HashAlgorithm['SHA-512'], archiveHash(info, lockfile))
    bom.components.add(library)
    gateway.dependencies.add(library.bomRef)
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  const text = new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })
  return `${text}\n`
}

function component(
  type: Enums.ComponentType,
  { name, version, license }: Omit<LicenseInfo, 'licenseText'>,
): Models.Component {
  const [, group, short = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? []
  // https://github.com/package-url/purl-spec: `@` of a scope is percent-encoded.
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return new Models.Component(type, short, {
    ...(group === undefined ? {} : { group }),
    version,
    purl,
    bomRef: purl,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense(license)]),
  })
}

/** Of the archive that npm unpacks, as hexadecimal digits. */
function archiveHash({ name, version }: LicenseInfo, { packages }: Lockfile): string {
  const [, found] =
    Object.entries(packages).find(
      ([place, entry]) => place.endsWith(`node_modules/${name}`) && entry.version === version,
    ) ?? []
  const [, base64] = /^sha512-(\S+)$/.exec(found?.integrity ?? '') ?? []
  if (base64 === undefined) throw new Error(`package-lock.json has no hash of ${name} ${version}`)
  return Buffer.from(base64, 'base64').toString('hex')
}
