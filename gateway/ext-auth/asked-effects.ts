/**
 * The steps of `admit` for a request that the asking proxy passes on as it got it. What inline is
 * mended on the way to the app is refused here, before anything is spent for it.
 */
import type { Body } from '../inngest/body.ts'
import { isSameAuthority } from '../ip/authority.ts'
import type { QuestionForm } from '../admit/policy.ts'
import { fieldValues, type RequestHead } from '../admit/request-head.ts'
import { splitTarget } from '../admit/checks/route.ts'
import type { Findings, ReplayClaim, ReplayOutcome } from '../admit/facts.ts'
import { callParameters, isTrustProbe } from '../inngest/call-parameters.ts'
import type { Effects, FunctionPairs } from '../admit/context.ts'
import { settle } from '../admit/check-mode.ts'
import type { RoutePolicy, ServeOrigin } from '../admit/policy.ts'
import { pass, refuse, type Verdict } from '../admit/verdict.ts'
import type { RequestEffects } from '../http/effects.ts'
import { fieldsToRemove } from '../http/header-hygiene.ts'

/** The steps of a question. */
export type QuestionEffects = Effects & Pick<RequestEffects, 'canonicalizeExactly'>

export class AskedEffects implements Effects {
  readonly #head: RequestHead
  readonly #question: QuestionForm
  readonly #effects: QuestionEffects
  readonly #findings: Findings

  /** @param head of the request that is asked about. */
  constructor(
    head: RequestHead,
    question: QuestionForm,
    effects: QuestionEffects,
    findings: Findings,
  ) {
    this.#head = head
    this.#question = question
    this.#effects = effects
    this.#findings = findings
  }

  get pairs(): FunctionPairs {
    return this.#effects.pairs
  }

  nowMs(): number {
    return this.#effects.nowMs()
  }

  enter(route: RoutePolicy): Verdict<undefined> {
    const unchanged = this.#checkUnchanged(route)
    return unchanged.ok ? this.#effects.enter(route) : unchanged
  }

  /**
   * Inngest makes no function call without a body: if a POST has none, the proxy did not send it. A trust
   * probe may have none.
   */
  async readBody(): Promise<Verdict<Body>> {
    const body = await this.#effects.readBody()
    const isMissing = body.ok && body.value.byteLength === 0 && this.#isCall()
    const { route } = this.#findings
    if (!isMissing || route === undefined) return body
    const missing = settle(route.checks.signature, this.#findings, refuse('body_missing'))
    return missing.ok ? body : missing
  }

  /** The app reads the body, not the canonical form of it that the signature covers. */
  canonicalize(body: Uint8Array): Promise<Verdict<Uint8Array | undefined>> {
    return this.#effects.canonicalizeExactly(body)
  }

  canonicalizeToRead(body: Uint8Array): Promise<Verdict<Uint8Array | undefined>> {
    return this.#effects.canonicalizeToRead(body)
  }

  claim(claim: ReplayClaim, target: () => string, nowMs: number): Promise<ReplayOutcome> {
    return this.#effects.claim(claim, target, nowMs)
  }

  #isCall(): boolean {
    const { method, target } = this.#head
    return method === 'POST' && !isTrustProbe(method, callParameters(splitTarget(target).query))
  }

  /** Whether the app gets the `Host` and the fields that it would get inline. */
  #checkUnchanged({ kind, serveOrigin }: RoutePolicy): Verdict<undefined> {
    const { rawHeaders } = this.#head
    const [host] = fieldValues(rawHeaders, 'host')
    if (serveOrigin !== undefined && !isServed(host, serveOrigin)) return refuse('host_not_served')
    // Only Envoy takes fields off at an answer's word.
    if (this.#question === 'request') return pass(undefined)
    const left = fieldsToRemove(rawHeaders, kind === 'inngest', this.#question)
    return left.length > 0 ? refuse('field_not_removable') : pass(undefined)
  }
}

/** The app then builds the same origin from `Host` as from the one of `serveOrigin`. */
function isServed(host: string | undefined, { host: served, protocol }: ServeOrigin): boolean {
  return host !== undefined && isSameAuthority(host, served, protocol)
}
