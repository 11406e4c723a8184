/**
 * The SDK versions that the app of each route names in its responses. The app can write any value, so it is
 * counted and shown, but affects no decision.
 */
import type { Logger } from 'pino'

import { isSigning } from '../admit/policy.ts'
import { parseSdkVersion, type SdkVersion } from '../inngest/sdk-version.ts'
import type { Metrics } from './metrics.ts'
import type { RequestRecord } from './request-record.ts'
import type { SdkAdvisories, SdkAdvisory } from './sdk-advisories.ts'
import type { CountSeries } from './series.ts'

/** Maximum for each route; further ones are counted as `other`. Replicas of an app may differ during an update. */
export const MOST_SDKS = 20

/** Responses without the header, or with one that contains no version. */
const UNKNOWN: SdkVersion = { language: 'unknown', version: 'unknown' }
const OTHER: SdkVersion = { language: 'other', version: 'other' }

/** In the form of the status page. */
export interface SdkSeen {
  /** `js 4.24.0`, `unknown` or `other`. */
  readonly sdk: string
  readonly responses: number
  readonly lastMs: number
  /** Identifiers of published advisories about this version. */
  readonly advisories: readonly string[]
}

interface Counted {
  readonly sdk: string
  readonly advisories: readonly string[]
  readonly series: CountSeries
  responses: number
  lastMs: number
}

export class SdkInventory {
  readonly #counter: Metrics['sdkResponses']
  readonly #advisories: SdkAdvisories
  /** By route, and by the text of the header, which is the same for nearly all responses. */
  readonly #routes = new Map<string, Map<string, Counted>>()

  constructor({ sdkResponses }: Pick<Metrics, 'sdkResponses'>, advisories: SdkAdvisories) {
    this.#counter = sdkResponses
    this.#advisories = advisories
  }

  get advisoriesDate(): string {
    return this.#advisories.date
  }

  add({ facts, upstreamStatus, endedMs }: RequestRecord, logger: Logger): void {
    const { route, sdk, durable } = facts
    if (route === undefined || !isSigning(route) || durable === 'user') return
    if (sdk === undefined && upstreamStatus === undefined) return
    const counted = this.#countedOf(route.name, sdk, logger)
    counted.series.inc()
    counted.responses += 1
    counted.lastMs = endedMs
  }

  of(route: string): readonly SdkSeen[] {
    const all = [...(this.#routes.get(route)?.values() ?? [])]
    return all.map(({ sdk, responses, lastMs, advisories }) => ({
      sdk,
      responses,
      lastMs,
      advisories,
    }))
  }

  #countedOf(route: string, sdk: string | undefined, logger: Logger): Counted {
    const known = this.#routes.get(route) ?? new Map<string, Counted>()
    if (known.size === 0) this.#routes.set(route, known)
    return known.get(sdk ?? '') ?? this.#firstOf(route, known, sdk, logger)
  }

  #firstOf(
    route: string,
    known: Map<string, Counted>,
    sdk: string | undefined,
    logger: Logger,
  ): Counted {
    if (sdk === undefined || sdk === '') return this.#start(route, known, '', UNKNOWN, [])
    const parsed = parseSdkVersion(sdk)
    // Beyond the limit, only `unknown` and `other` are added.
    if (parsed === undefined || known.size >= MOST_SDKS) {
      return known.get(OTHER.language) ?? this.#start(route, known, OTHER.language, OTHER, [])
    }
    const advisories = this.#advisories.of(parsed)
    if (advisories.length > 0) this.#warn(route, parsed, advisories, logger)
    // A copy: a substring would keep the whole head in memory.
    const text = Buffer.from(sdk).toString()
    return this.#start(route, known, text, parsed, advisories)
  }

  #start(
    route: string,
    known: Map<string, Counted>,
    text: string,
    { language, version }: SdkVersion,
    advisories: readonly SdkAdvisory[],
  ): Counted {
    const counted = {
      sdk: language === version ? language : `${language} ${version}`,
      advisories: advisories.flatMap(({ ids }) => ids),
      series: this.#counter.series({ route, language, version }),
      responses: 0,
      lastMs: 0,
    }
    known.set(text, counted)
    return counted
  }

  #warn(
    route: string,
    { language, version }: SdkVersion,
    advisories: readonly SdkAdvisory[],
    logger: Logger,
  ): void {
    const fixed = advisories.flatMap(({ affected }) => affected.map((range) => range.fixed))
    logger.warn(
      {
        route,
        sdk: `${language} ${version}`,
        advisories: advisories.flatMap(({ ids }) => ids),
        summaries: advisories.map(({ summary }) => summary),
        links: advisories.map(({ link }) => link),
        advisories_date: this.#advisories.date,
        remedy: `update the SDK of the app (fixed in ${fixed.filter((each) => each !== undefined).join(', ')})`,
      },
      'the app uses an SDK version with a published advisory',
    )
  }
}
