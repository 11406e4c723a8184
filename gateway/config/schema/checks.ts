/** The modes of the checks, for all routes and for one: enforced, only reported, or off. */
import { z } from 'zod'
import {
  defaultModes,
  moderatedChecks,
  type CheckMode,
  type CheckModes,
  type ModeratedCheck,
} from '../../admit/policy.ts'
import { seconds } from './values.ts'

const mode = z.enum(['enforce', 'report', 'off'])

const meanings: Readonly<Record<ModeratedCheck, string>> = {
  method: 'Only GET, POST and PUT are allowed, each as Inngest uses it.',
  allowlist: 'The client address is in an allowed range.',
  signature: 'The signature matches one of the signing keys of the route.',
  syncBody: 'A signed sync (PUT) has a body.',
  syncUrl:
    'Whether the `url` in the body of a sync (PUT) must name this route. Its path must be that of the route. If the route has `host`, `serveOrigin` or `syncAuthorities`, its host must be one of these. If `unsignedPut` admits a sync without a signature, `report` refuses a URL of another app like `enforce`, unless `signature` is not enforced.',
  app: 'On a route with `apps`: the `fnId` of a function call belongs to one of these apps.',
  runId: 'The signed body is a function call, and its `ctx.run_id` agrees with `X-Run-ID`.',
  callIds:
    'The ids of job, generation, version and step in headers and query agree with the signed body and with each other.',
  functionId:
    '`fnId` is the same as in earlier function calls with the same signed `ctx.fn_id`. With `enforce`, a different `fnId` is refused once function calls of two runs agreed.',
  freshness: 'The signature is neither too old nor too far in the future.',
  replay: 'The signature was not claimed by an earlier request.',
}

function eachCheck<T extends z.ZodType>(schemaOf: (check: ModeratedCheck) => T) {
  const entries = moderatedChecks.map((check) => [check, schemaOf(check)] as const)
  return z.strictObject(Object.fromEntries(entries) as Record<ModeratedCheck, T>)
}

export const checksSchema = eachCheck((check) =>
  mode
    .default(defaultModes[check])
    .describe(
      `${meanings[check]} \`enforce\`, \`report\` or \`off\`. Default ${defaultModes[check]}.`,
    ),
).prefault({})

export const routeChecksSchema = eachCheck((check) =>
  mode.optional().describe(`${meanings[check]} Default: as in \`checks\`.`),
).optional()

type RouteChecks = z.output<typeof routeChecksSchema>

export function mergeModes(all: CheckModes, own: RouteChecks): CheckModes {
  const entries = moderatedChecks.map((check) => [check, own?.[check] ?? all[check]] as const)
  return Object.freeze(Object.fromEntries(entries) as Record<ModeratedCheck, CheckMode>)
}

interface ModesProblem {
  /** The check whose mode conflicts with the others. */
  readonly check: ModeratedCheck
  readonly expected: string
}

/** @param policy of the route; a durable one has no functions. */
export function modesProblem(
  modes: CheckModes,
  policy: 'inngest' | 'durable',
): ModesProblem | undefined {
  const { signature, functionId, freshness, replay } = modes
  const rests = freshness !== 'off' || replay !== 'off'
  if (signature === 'off' && rests) {
    const expected = 'report, or off for freshness and replay too, which need a verified signature'
    return { check: 'signature', expected }
  }
  if (policy === 'inngest' && functionId === 'enforce' && replay === 'off') {
    const expected = 'report or off, or replay not off: pairs are learned from claimed calls only'
    return { check: 'functionId', expected }
  }
  return undefined
}

/** The maximum age of a signature, and how far ahead it may be. */
export const freshnessSchema = z.strictObject({
  maxAge: seconds('1s', '1h', '5m', 'Maximum age of a signature.'),
  clockTolerance: seconds(
    '0s',
    '1h',
    '5m',
    'Maximum time by which a signature may be in the future.',
  ),
})
