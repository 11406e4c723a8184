/** `ips --drift`: the unlisted ranges that a running gateway reports, read from its status page. */
import { z } from 'zod'

import type { Environment } from '../config/read/resolve-keys.ts'
import { unlistedMeaning } from '../record/unlisted-ranges.ts'
import { messageOf, printError, printText } from './print.ts'
import { readStatusOf, type RunningGatewayOptions } from './running-gateway.ts'

const reportedRange = z.object({
  range: z.string(),
  routes: z.array(z.string()),
  signatures: z.number(),
  firstMs: z.number(),
  lastMs: z.number(),
})

type ReportedRange = z.output<typeof reportedRange>

const statusSchema = z.object({ unlisted: z.array(reportedRange) })

/** @returns 0 if there is none, 1 if there are some, 2 if the status could not be read. */
export async function drift(gateway: RunningGatewayOptions, env: Environment): Promise<number> {
  try {
    const { unlisted: ranges } = await readStatusOf(gateway, env, statusSchema)
    printText(ranges.length === 0 ? NONE : [...ranges.map(describe), HINT].join('\n'))
    return ranges.length === 0 ? 0 : 1
  } catch (error) {
    printError(messageOf(error))
    return 2
  }
}

/** A sentence, and nothing that could be pasted into an allowlist unchanged. */
function describe({ range, routes, signatures, firstMs, lastMs }: ReportedRange): string {
  const [first, last] = [firstMs, lastMs].map((ms) => new Date(ms).toISOString())
  return [
    unlistedMeaning(range),
    `  ${String(signatures)} different signatures from ${String(first)} to ${String(last)}, on ${routes.join(', ')}`,
  ].join('\n')
}

const NONE = 'no unlisted range: no validly signed requests came from outside the allowlist'

const HINT =
  'Do not allow a range because of this list. Compare it with what Inngest publishes: docs/how-to/unlisted-ranges.md'
