/** The request headers with which Inngest speaks to an app, and the SDKs believe. */
import { memoizedName } from './memoized.ts'
import { fieldValues } from './request-head.ts'

/** Only Inngest may send these, so only verified requests may carry them. In lower case. */
export const OF_INNGEST = /^x-(?:inngest-|run-id$)/

/**
 * As some apps read it: `_` and `.` are `-` to them (CVE-2025-64484, CVE-2026-88011), and all but letters and digits
 * where lighttpd makes CGI variables of headers (`http_cgi.c` http_cgi_encode_varname).
 */
export function meantName(lowerName: string): string {
  return lowerName.replace(/[^a-z0-9]/g, '-')
}

/** The name if it is one of Inngest's in any spelling; empty otherwise. */
const inngestName = memoizedName((name) =>
  OF_INNGEST.test(meantName(name.toLowerCase())) ? name : '',
)

/** Whether any of them is there, in any spelling. */
export function carriesInngestHeader(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((name, i) => i % 2 === 0 && inngestName(name) !== '')
}

/** What tells one re-entry of a durable endpoint from another with the same signature; none of it is signed. */
export function reentryIds(rawHeaders: readonly string[]): readonly (readonly string[])[] {
  return ['x-run-id', 'x-request-id', 'x-inngest-job-id', 'x-inngest-step-id'].map((name) =>
    fieldValues(rawHeaders, name),
  )
}
