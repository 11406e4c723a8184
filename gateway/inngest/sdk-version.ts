/**
 * The SDK that an app names in `X-Inngest-SDK`: `inngest-js:v4.24.0`. The app may
 * write anything there, so it is a label and decides nothing.
 */

export interface SdkVersion {
  /** `js`, `py`, `go`, `kt` … */
  readonly language: string
  /** Without `v`. */
  readonly version: string
}

/** What is longer is no version. */
const MAX_LENGTH = 64

const HEADER = 'x-inngest-sdk'

/**
 * The first one in the headers of a response. The JS SDK writes it in lower case, which is compared without a copy.
 * @returns undefined if there is none; cut after one character too many, which shows that it is too long.
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

/** Semantic Versioning 2.0.0, and Python's `0.5.0rc1`, whose parts have no separator in front. */
const SDK =
  /^inngest-([a-z]{1,16}):v?((?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){2}(?:[-+.a-z][0-9A-Za-z.+-]{0,31})?)$/

/** @returns undefined if it is not written so. */
export function parseSdkVersion(text: string): SdkVersion | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, language, version] = SDK.exec(text) ?? []
  return language === undefined || version === undefined ? undefined : { language, version }
}

/**
 * Semantic Versioning 2.0.0, 11: by number, and a version before its release comes first. Two of those are equal
 * here: which of them has a fix is not known.
 * @returns below 0 if the first comes first.
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
  // `+` begins what only names a build; Python's `.post1` comes after the release.
  const isBeforeRelease = rest !== '' && !rest.startsWith('+') && !rest.startsWith('.post')
  return { numbers: numbers.split('.').map(Number), isBeforeRelease }
}
