/** What an SDK reads in a signed body, as far as it is needed here. */

export interface Read {
  /** As RFC 8785 has it, for the texts and whole numbers that are sent here. */
  readonly canonical: string
  readonly url: string | undefined
  readonly runId: string | undefined
  readonly requestId: string | undefined
  readonly jobId: string | undefined
  /** Decimal text. */
  readonly generationId: string | undefined
  readonly version: string | undefined
}

let last: { readonly text: string; readonly read: Read | undefined } | undefined

/** @returns undefined if it is no JSON object, or one in which a member is there twice. */
export function readJson(text: string): Read | undefined {
  // One request is judged in several worlds in a row.
  if (last?.text !== text) last = { text, read: read(text) }
  return last.read
}

function read(text: string): Read | undefined {
  const value = parse(text)
  if (!isObject(value)) return undefined
  const canonical = JSON.stringify(inOrder(value))
  // A member that is there twice does not come back; nothing that is sent here has spaces in its texts.
  const { length } = text.replaceAll(/\\u0026/g, '&').replaceAll(/\s/g, '')
  if (length !== canonical.length) return undefined
  const context = isObject(value['ctx']) ? value['ctx'] : {}
  return {
    canonical,
    url: textOf(value['url']),
    runId: textOf(context['run_id']) || undefined,
    requestId: textOf(context['request_id']),
    jobId: textOf(context['job_id']),
    generationId: numberOf(context['generation_id']),
    version: numberOf(value['version']),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, each]) => [name, inOrder(each)] as const)
  return Object.fromEntries(members.sort(([one], [other]) => (one < other ? -1 : 1)))
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)
const numberOf = (value: unknown) => (typeof value === 'number' ? String(value) : undefined)
