/** The parameters of a call that decide which function runs, or what a sync or a probe is for. */

export interface CallParameters {
  readonly fnId: string | null
  readonly stepId: string | null
  readonly probe: string | null
  readonly deployId: string | null
  /**
   * `fnId`, `stepId` or `probe` occurs twice, or in another spelling that some framework accepts: an app that
   * takes the other one runs another function. Or a probe names a function: some SDKs respond to the probe, and
   * Inngest takes that for the result of the call; others run the function.
   */
  readonly isAmbiguous: boolean
}

/** Whether a request is Inngest's trust probe. It must not name a function, because some SDKs would run it. */
export function isTrustProbe(method: string, parameters: CallParameters): boolean {
  const { probe, isAmbiguous } = parameters
  return method === 'POST' && probe === 'trust' && !isAmbiguous
}

/**
 * The first value of each, as URLSearchParams reads it. Most queries need no decoding and are read without
 * URLSearchParams at a tenth of the cost.
 * @param query raw, without `?`; empty if there is none.
 */
export function callParameters(query: string): CallParameters {
  const found: Found = { ...NONE }
  if (/[%+]/.test(query)) {
    // URLSearchParams removes one `?`, and a second one belongs to the first name.
    for (const [name, value] of new URLSearchParams(`?${query}`)) collect(name, value, found)
  } else {
    collectPlain(query, found)
  }
  if (query.includes(';')) found.isAmbiguous ||= isOtherWithSemicolons(query, found)
  if (found.probe !== null) found.isAmbiguous ||= found.fnId !== null || found.stepId !== null
  return found
}

/** Parsers older than the URL standard treat `;` like `&`. */
function isOtherWithSemicolons(query: string, found: CallParameters): boolean {
  const other = callParameters(query.replaceAll(';', '&'))
  const isSame = (name: 'fnId' | 'stepId' | 'probe') => other[name] === found[name]
  return other.isAmbiguous || !(isSame('fnId') && isSame('stepId') && isSame('probe'))
}

/**
 * Names that some framework reads as one of these: as a list or an object (`fnId[]`, `fnId[0]`, `[fnId]`,
 * `fnId.x`: qs, with which Express 4 reads queries, PHP, Rack), in another letter case (ASP.NET), or cut at
 * white space or a zero byte (PHP).
 */
const OTHER_SPELLING = /^[\s[\]]*(?:fnid|stepid|probe)(?:$|[\s[\].\0])/i

type Found = { -readonly [Name in keyof CallParameters]: CallParameters[Name] }

const NONE = { fnId: null, stepId: null, probe: null, deployId: null, isAmbiguous: false }

function collectPlain(query: string, found: Found): void {
  for (let start = 0; start < query.length;) {
    const next = query.indexOf('&', start)
    const end = next === -1 ? query.length : next
    // Searched within the parameter only: in the query, a search for a missing `=` would run to the end each
    // time.
    const parameter = query.slice(start, end)
    const mark = parameter.indexOf('=')
    if (mark === -1) collect(parameter, '', found)
    else collect(parameter.slice(0, mark), parameter.slice(mark + 1), found)
    start = end + 1
  }
}

function collect(name: string, value: string, found: Found): void {
  switch (name) {
    case 'fnId':
      found.fnId = firstOf(found.fnId, value, found)
      break
    case 'stepId':
      found.stepId = firstOf(found.stepId, value, found)
      break
    case 'probe':
      found.probe = firstOf(found.probe, value, found)
      break
    case 'deployId':
      found.deployId ??= value
      break
    default:
      found.isAmbiguous ||= OTHER_SPELLING.test(name)
  }
}

function firstOf(before: string | null, value: string, found: Found): string {
  found.isAmbiguous ||= before !== null
  return before ?? value
}
