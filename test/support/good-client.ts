/** An honest sender that calls repeatedly during an attack. */
import { freshBody } from './attack.ts'
import { send } from './sender.ts'

/** A gateway in this process (attack.ts) or in its own (bounds.ts). */
interface Served {
  readonly gateway: { readonly port: number }
  sign(body: string): string
}

export interface Beside {
  /** Ends after the call in flight. */
  stop(): Promise<{ asked: number; served: number; slowestMs: number }>
}

const PAUSE_MS = 20

/** @param from its own loopback address; the attackers share another one. */
export function serveBeside(target: Served, from = '127.0.0.1'): Beside {
  let isOver = false
  let [asked, served, slowestMs] = [0, 0, 0]
  const loop = async () => {
    while (!isOver) {
      const body = freshBody()
      const startedMs = performance.now()
      asked += 1
      const headers = { 'x-inngest-signature': target.sign(body) }
      const answer = await send({ port: target.gateway.port, body, headers, from }).catch(
        () => undefined,
      )
      if (answer?.status === 200) served += 1
      slowestMs = Math.max(slowestMs, performance.now() - startedMs)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
  const done = loop()
  return {
    stop: async () => {
      isOver = true
      await done
      return { asked, served, slowestMs }
    },
  }
}
