/**
 * The SDK that an app names in `X-Inngest-SDK`: `inngest-js:v4.24.0`. The app can write any value there, so it
 * is a label and affects no decision.
 */

export interface SdkVersion {
  /** `js`, `py`, `go`, `kt` … */
  readonly language: string
  /** Without `v`. */
  readonly version: string
}

/** A longer text is no version. */
const MAX_LENGTH = 64

const HEADER = 'x-inngest-sdk'

/**
 * The first such header of a response. The JS SDK writes the name in lower case, which is compared without a
 * copy.
 * @returns undefined if there is none. A value that is too long is cut one character after the limit.
 */
export function sdkHeader(rawHeaders: readonly string[]): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== HEADER.length) continue
    if (name === HEADER || name.toLowerCase() === HEADER) {
      return rawHeaders[i + 1]?.slice(0, MAX_LENGTH + 1)
    }
  }
  return undefined
}

/** Semantic Versioning 2.0.0, and Python's `0.5.0rc1`, whose parts have no separator. */
const SDK =
  /^inngest-([a-z]{1,16}):v?((?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){2}(?:[-+.a-z][0-9A-Za-z.+-]{0,31})?)$/

/** @returns undefined if the text has another form. */
export function parseSdkVersion(text: string): SdkVersion | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, language, version] = SDK.exec(text) ?? []
  return language === undefined || version === undefined ? undefined : { language, version }
}

/**
 * Semantic Versioning 2.0.0, 11: numeric order, and a pre-release comes before its release. Two pre-releases
 * are equal here, because it is unknown which of them has a fix.
 * @returns negative if the first comes first.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (const [i, part] of left.numbers.entries()) {
    const difference = part - (right.numbers[i] ?? 0)
    if (difference !== 0) return difference
  }
  return Number(right.isBeforeRelease) - Number(left.isBeforeRelease)
}

function partsOf(version: string): { numbers: readonly number[]; isBeforeRelease: boolean } {
  const [, numbers = '', rest = ''] = /^(\d+\.\d+\.\d+)(.*)$/.exec(version) ?? []
  // `+` begins build metadata. Python's `.post1` comes after the release.
  const isBeforeRelease = rest !== '' && !rest.startsWith('+') && !rest.startsWith('.post')
  return { numbers: numbers.split('.').map(Number), isBeforeRelease }
}
