/**
 * Finds the app that a call is for. One signing key serves every app of an environment, so a call for one app
 * verifies at the route of another. The SDKs name a function `<app>-<function>`, with both ids as in the code
 * of the app: inngest-js 4.24 (`InngestFunction.id`), inngest-py 0.5 (`client.py`), inngestgo 0.16
 * (`FullyQualifiedID`). The name is in the query, which is not signed; function-id.ts compares it with the
 * signed body.
 */
import type { AppIds, AppsPolicy } from '../policy.ts'
import { pass, refuse, type Verdict } from '../verdict.ts'

/**
 * Takes the longest configured id that a function follows, so that `billing-eu-pay` of the app `billing-eu` is
 * not taken for a function `eu-pay` of `billing`. A name without the id of its app (older SDKs) can be
 * configured in full.
 * @returns null if no configured app has such a function.
 */
export function appOf(fnId: string | null, { ids, longest }: AppIds): string | null {
  if (fnId === null) return null
  let end = fnId.lastIndexOf('-', longest)
  while (end > 0) {
    const app = ids.get(fnId.slice(0, end))
    if (app !== undefined) return app
    end = fnId.lastIndexOf('-', end - 1)
  }
  return ids.get(fnId) ?? null
}

/** @param app the result of `appOf`. A call without a function name is for no app, and is refused too. */
export function checkApp(app: string | null, { served }: AppsPolicy): Verdict<undefined> {
  const isServed = app !== null && served.has(app)
  return isServed ? pass(undefined) : refuse('app_not_served')
}
