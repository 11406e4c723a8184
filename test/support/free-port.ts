/** For a program that cannot choose a port by itself and say which: one that nobody listens on now. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below those that a system gives to connections that it opens (32768 on Linux), one of which could take
 * it before the program does; so are those of a cluster of Redis, which takes another 10,000 above.
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
