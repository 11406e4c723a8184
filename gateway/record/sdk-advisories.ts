/** Published advisories about SDK versions, as shipped with this release (config/sdk-advisories.yaml). */
import { readFileSync } from 'node:fs'

import { parse } from 'yaml'
import { z } from 'zod'

import { compareVersions, type SdkVersion } from '../inngest/sdk-version.ts'

const FILE = new URL('../../config/sdk-advisories.yaml', import.meta.url)

const version = z.string().regex(/^\d+\.\d+\.\d+$/)
const day = z.iso.date()

const schema = z.strictObject({
  date: day,
  advisories: z.array(
    z.strictObject({
      ids: z.array(z.string().regex(/^(?:GHSA(?:-[0-9a-z]{4}){3}|CVE-\d{4}-\d{4,})$/)).min(1),
      sdk: z.string().regex(/^[a-z]{1,16}$/),
      package: z.string(),
      published: day,
      summary: z.string(),
      link: z.url({ protocol: /^https$/ }),
      affected: z.array(z.strictObject({ introduced: version, fixed: version.optional() })).min(1),
    }),
  ),
})

export type SdkAdvisory = z.output<typeof schema>['advisories'][number]

export class SdkAdvisories {
  /** The day on which the list was last compared with its sources. */
  readonly date: string
  readonly #advisories: readonly SdkAdvisory[]

  private constructor({ date, advisories }: z.output<typeof schema>) {
    this.date = date
    this.#advisories = advisories
  }

  /** @throws if the text is not such a list. */
  static parse(text: string): SdkAdvisories {
    return new SdkAdvisories(schema.parse(parse(text)))
  }

  /** @throws if the file is damaged, which is a problem of the installation. */
  static read(file = FILE): SdkAdvisories {
    try {
      return SdkAdvisories.parse(readFileSync(file, 'utf8'))
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
      throw new Error(`${file.pathname} cannot be used: ${why}`, { cause: error })
    }
  }

  of({ language, version: used }: SdkVersion): readonly SdkAdvisory[] {
    return this.#advisories.filter(
      ({ sdk, affected }) => sdk === language && affected.some((range) => isIn(range, used)),
    )
  }
}

function isIn({ introduced, fixed }: SdkAdvisory['affected'][number], used: string): boolean {
  if (compareVersions(used, introduced) < 0) return false
  return fixed === undefined || compareVersions(used, fixed) < 0
}
