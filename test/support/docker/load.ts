/** Continuous calls from several clients, and how each ended. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Answer } from '../sender.ts'

const CLIENTS = 20

export interface Load {
  admitted(): number
  /**
   * Resolves when a client could not connect any more, and the others are done.
   * @returns also the errors other than a closed port.
   */
  end(): Promise<{ readonly admitted: number; readonly others: Readonly<Record<string, number>> }>
}

/** The port is closed, or the container and its address are gone. */
const CLOSED = ['ECONNREFUSED', 'EHOSTUNREACH']

/** Every client continues until one cannot connect. */
export function runLoad(post: () => Promise<Answer>): Load {
  let admitted = 0
  let closed = false
  const others: Record<string, number> = {}
  const one = async () => {
    while (!closed) {
      const end = await post().then(
        ({ status }) => String(status),
        (error: unknown) => codeOf(error),
      )
      if (CLOSED.includes(end)) closed = true
      else if (end === '200') admitted += 1
      else others[end] = (others[end] ?? 0) + 1
      await sleep(20)
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, one))
  return {
    admitted: () => admitted,
    end: async () => {
      await clients
      return { admitted, others }
    },
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
