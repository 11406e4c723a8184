/** Where the ranges that `inngest` in the allowlist stands for come from, and how long they last. */
import { isDeepStrictEqual } from 'node:util'

import { z } from 'zod'

import { integer } from './values.ts'

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
  refreshSeconds: integer(60, 604_800, 14_400, 'Time between two fetches, in seconds.'),
  timeoutMs: integer(100, 120_000, 10_000, 'Time for a whole list, in milliseconds.'),
  keepVanishedSeconds: integer(
    0,
    7_776_000,
    604_800,
    'Time for which a range that is no longer listed stays allowed, in seconds.',
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
