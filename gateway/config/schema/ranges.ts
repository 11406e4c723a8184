/** The source of the ranges that replace `inngest` in the allowlist, and how long they are valid. */
import { isDeepStrictEqual } from 'node:util'

import { z } from 'zod'

import { milliseconds, seconds } from './values.ts'

/** Without credentials or a query, because it is shown in logs and metrics. */
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
      'URLs of the IP range lists to fetch. Default: the two lists that Inngest publishes. With [], only the bundled ranges are used.',
    ),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of an IP range list to read instead of `urls`. Reloaded when the file changes.',
    ),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of CA certificates (PEM) to verify the servers in `urls`. Default: the CA certificates of Node.js.',
    ),
  refreshInterval: seconds('1m', '7d', '4h', 'Time between two fetches of the lists.'),
  timeout: milliseconds('100ms', '2m', '10s', 'Maximum time to fetch a list.'),
  removedRangeGrace: seconds(
    '0s',
    '90d',
    '7d',
    'How long a range stays allowed after it is removed from the list.',
  ),
  stateFile: z
    .string()
    .min(1)
    .default('/var/lib/inngest-gateway/ranges.json')
    .describe(
      'Path of the file in which the last good lists are saved. Default /var/lib/inngest-gateway/ranges.json.',
    ),
  reportUnlisted: z
    .boolean()
    .default(true)
    .describe(
      'Whether to report ranges outside the allowlist from which validly signed function calls come. They stay refused. Default true.',
    ),
})

export const inngestRangesSchema = shape
  .superRefine((ranges, context) => {
    for (const [key, message] of problemsOf(ranges)) {
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })
  .prefault({})

/** Keys for fetching have no meaning if a file replaces the fetch. */
function problemsOf({ file, urls, caFile }: z.output<typeof shape>): [string, string][] {
  if (file === undefined) return []
  const problems: [string, string][] = []
  // The default lists may be written explicitly.
  if (!isDeepStrictEqual(urls, PUBLISHED_URLS)) problems.push(['file', 'either urls or file'])
  if (caFile !== undefined) problems.push(['caFile', 'nothing, since file is read and not urls'])
  return problems
}
