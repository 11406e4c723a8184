/** The request headers that Inngest sends to an app and that the SDKs trust. */
import { memoizedName } from './memoized.ts'
import { fieldValues } from './request-head.ts'

/** Only Inngest may send these, so only verified requests may have them. In lower case. */
export const OF_INNGEST = /^x-(?:inngest-|run-id$)/

/**
 * The name as some apps read it: they take `_` and `.` for `-` (CVE-2025-64484, CVE-2026-88011), and lighttpd
 * replaces all characters but letters and digits when it makes CGI variables of headers (`http_cgi.c`
 * http_cgi_encode_varname).
 */
export function meantName(lowerName: string): string {
  return lowerName.replace(/[^a-z0-9]/g, '-')
}

/** The name, if it is one of Inngest's in any spelling; empty otherwise. */
const inngestName = memoizedName((name) =>
  OF_INNGEST.test(meantName(name.toLowerCase())) ? name : '',
)

/** Whether the request has any of these headers, in any spelling. */
export function carriesInngestHeader(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((name, i) => i % 2 === 0 && inngestName(name) !== '')
}

/** The headers that distinguish re-entries of a durable endpoint with the same signature. They are not signed. */
export function reentryIds(rawHeaders: readonly string[]): readonly (readonly string[])[] {
  return ['x-run-id', 'x-request-id', 'x-inngest-job-id', 'x-inngest-step-id'].map((name) =>
    fieldValues(rawHeaders, name),
  )
}
