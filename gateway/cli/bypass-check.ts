/** `bypass-check`: reports whether an app can be reached without its gateway. */
import {
  callAround,
  callGateway,
  overall,
  type Reachability,
  type BypassFinding,
} from '../../conformance/bypass.ts'
import { placeOf, readUrl, UsageError, warningOf } from '../../conformance/plan.ts'
import { readKeyFromEnv, type Environment } from '../config/read/resolve-keys.ts'
import type { SigningKey } from '../inngest/signing-key.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import { printError, printJson, printText } from './print.ts'

export interface BypassOptions {
  readonly gateway: string
  readonly app: readonly string[]
  readonly keyEnv: string
  readonly json?: boolean
}

/** For one response. */
const TIMEOUT_MS = 5000

const EXIT_CODES = { no: 0, yes: 1, 'cannot tell': 2 } as const satisfies Record<
  Reachability,
  number
>

/** @returns 0 if no app can be reached around the gateway, 1 if one can, 2 if there is no result. */
export async function bypassCheck(options: BypassOptions, env: Environment): Promise<number> {
  try {
    return await check(options, env)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    printError(error.message)
    return EXIT_CODES['cannot tell']
  }
}

async function check(options: BypassOptions, env: Environment): Promise<number> {
  const gateway = readUrl(options.gateway, GATEWAY)
  const apps = options.app.map((text) => readUrl(text, APP))
  const key = readOptionalKey(options.keyEnv, env)
  const warning = key && warningOf({ place: placeOf(gateway) })
  if (warning !== undefined) printError(warning.replace('--url', '--gateway'))
  const { problem, refusal } = await callGateway({ gateway, key, timeoutMs: TIMEOUT_MS })
  const findings = await Promise.all(
    apps.map(async (app) => ({
      app: redactSecrets(app.href),
      ...trust(await callAround(app, TIMEOUT_MS), problem),
    })),
  )
  const reachable = overall(findings)
  if (options.json === true) {
    printJson({ reachable, apps: findings, ...(problem !== undefined && { problem }) })
    return EXIT_CODES[reachable]
  }
  for (const { app, detail } of findings) printText(`${app}: ${detail}`)
  if (problem !== undefined) printText(problem)
  else if (reachable === 'no') {
    const note = key === undefined ? UP_UNKNOWN(options.keyEnv) : refusal && UP_REFUSED(refusal)
    if (note !== undefined) printText(`note: ${note}`)
  }
  printText(`reachable around the gateway: ${reachable}`)
  return EXIT_CODES[reachable]
}

/** An app that responds is reachable, with or without a problem at the gateway. */
function trust(finding: BypassFinding, problem: string | undefined): BypassFinding {
  return problem === undefined || finding.reachable === 'yes'
    ? finding
    : { ...finding, reachable: 'cannot tell' }
}

const UP_UNKNOWN = (name: string) =>
  `nothing shows that the app is up; with the signing key in ${name}, from an allowed address, that is tested, too`

const UP_REFUSED = (refusal: string) =>
  `nothing shows that the app is up: ${refusal} to the signed call; check that the key is one of the route, and that this machine is in allowlist`

const GATEWAY = {
  option: '--gateway',
  expected: 'the URL that Inngest calls, such as https://gateway.example/api/inngest',
} as const

const APP = {
  option: '--app',
  expected: "the app's own URL, such as http://app.internal:3000/api/inngest",
} as const

/** @returns undefined if the variable is not set. */
function readOptionalKey(name: string, env: Environment): SigningKey | undefined {
  if (env[name] === undefined) return undefined
  const reading = readKeyFromEnv(name, env)
  if (reading.ok) return reading.key
  throw new UsageError(`--key-env: expected ${reading.expected}, found ${reading.found}`)
}
