/** Where the ranges that `inngest` in the allowlist stands for come from, and how long they last. */
import { isDeepStrictEqual } from 'node:util'

import { z } from 'zod'

import { milliseconds, seconds } from './values.ts'

/** Plain, since it stands in logs and metrics. */
const httpsUrl = z
  .string()
  .refine(isPlainHttps, { error: 'an https URL without credentials, query or fragment' })

function isPlainHttps(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && !/[@?#]/.test(text)
}

const PUBLISHED_URLS = ['https://www.inngest.com/ips-v4', 'https://www.inngest.com/ips-v6']

const shape = z.strictObject({
  urls: z
    .array(httpsUrl)
    .max(10)
    .default(PUBLISHED_URLS)
    .describe(
      'Lists that are fetched. Default: the two that Inngest publishes. [] is the bundled ranges only.',
    ),
  file: z
    .string()
    .min(1)
    .optional()
    .describe('Read the list from this file instead of `urls`, anew whenever it changes.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('Authorities of the servers in `urls`, PEM. Default: the well-known ones.'),
  refreshInterval: seconds('1m', '7d', '4h', 'Time between two fetches.'),
  timeout: milliseconds('100ms', '2m', '10s', 'Time for a whole list.'),
  removedRangeGrace: seconds(
    '0s',
    '90d',
    '7d',
    'Time for which a range that is no longer listed stays allowed.',
  ),
  stateFile: z
    .string()
    .min(1)
    .default('/var/lib/inngest-gateway/ranges.json')
    .describe('Where the last good lists are kept. Default /var/lib/inngest-gateway/ranges.json.'),
})

export const inngestRangesSchema = shape
  .superRefine((ranges, context) => {
    for (const [key, message] of problemsOf(ranges)) {
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })
  .prefault({})

/** What is for fetching, beside a file that takes its place. */
function problemsOf({ file, urls, caFile }: z.output<typeof shape>): [string, string][] {
  if (file === undefined) return []
  const problems: [string, string][] = []
  // The default lists may stay written where they were.
  if (!isDeepStrictEqual(urls, PUBLISHED_URLS)) problems.push(['file', 'either urls or file'])
  if (caFile !== undefined) problems.push(['caFile', 'nothing, since file is read and not urls'])
  return problems
}
