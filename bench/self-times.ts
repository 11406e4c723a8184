/** Sums up a V8 CPU profile. */

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
}

export interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** Ids of nodes, and the microseconds since the sample before. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/**
 * @param lastMicros how much of its end is looked at, so that the start of a process can be left out.
 * @returns each name's share of the time that was not idle, most first.
 */
export function selfTimes(
  { nodes, samples, timeDeltas }: Profile,
  lastMicros: number,
  nameOf: (frame: CallFrame) => string,
): [string, number][] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  let left = timeDeltas.reduce((sum, micros) => sum + micros, 0)
  let total = 0
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id)
    left -= timeDeltas[i] ?? 0
    if (frame === undefined || frame.functionName === '(idle)' || left > lastMicros) continue
    // What passes between two samples is the earlier one's.
    const micros = timeDeltas[i + 1] ?? 0
    const name = nameOf(frame)
    times.set(name, (times.get(name) ?? 0) + micros)
    total += micros
  }
  return [...times]
    .map(([name, micros]): [string, number] => [name, micros / total])
    .sort(([, a], [, b]) => b - a)
}

/** A package, the gateway's own folder, or a part of Node. */
export function originOf({ functionName, url }: CallFrame): string {
  if (url.startsWith('node:')) return partOfNode(url)
  if (url === '')
    return functionName.startsWith('(') ? functionName : 'native, called from JavaScript'
  const library = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (library !== undefined) return library
  return /\/(gateway\/(?:[^/]+(?=\/))?)/.exec(url)?.[1] ?? url
}

function partOfNode(url: string): string {
  if (/http/.test(url)) return 'node: http'
  if (/stream|net$|net\b/.test(url)) return 'node: streams and net'
  if (/timers/.test(url)) return 'node: timers'
  if (/crypto/.test(url)) return 'node: crypto'
  return 'node: other'
}
