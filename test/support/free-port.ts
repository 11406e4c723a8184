/** A port on which nothing listens now, for a program that cannot choose a port and report it. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that a system assigns to outgoing connections (32768 on Linux), one of which could be taken
 * before the program starts. The ports of a Redis cluster, which uses another one 10,000 above, are below them,
 * too.
 */
const [LOWEST, BEYOND] = [12_000, 22_000]

export async function freePort(): Promise<number> {
  const port = randomInt(LOWEST, BEYOND)
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return await freePort()
  }
  server.close()
  await once(server, 'close')
  return port
}
