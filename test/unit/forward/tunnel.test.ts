import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { joinTunnel } from '../../../gateway/forward/tunnel.ts'
import { socketPair } from '../../support/socket-pair.ts'

function textOf(socket: Socket) {
  const seen = { text: '', hasEnded: false }
  socket.setEncoding('latin1').on('data', (part: string) => (seen.text += part))
  socket.on('end', () => (seen.hasEnded = true))
  return seen
}

/** A tunnel between a client and an app. */
async function startTunnel(fromClient = '', fromApp = '') {
  const [client, clientSide] = await socketPair()
  const [appSide, app] = await socketPair()
  const tunnel = { client, app, clientSide, appSide, ended: 0 }
  joinTunnel(
    { socket: clientSide, first: Buffer.from(fromClient) },
    { socket: appSide, first: Buffer.from(fromApp) },
    () => (tunnel.ended += 1),
  )
  return tunnel
}

describe('a tunnel', () => {
  it('carries both directions, what had arrived first', async () => {
    const { client, app } = await startTunnel('early from client, ', 'early from app, ')
    const [atApp, atClient] = [textOf(app), textOf(client)]
    client.write('late from client')
    app.write('late from app')
    await expect.poll(() => atApp.text).toBe('early from client, late from client')
    await expect.poll(() => atClient.text).toBe('early from app, late from app')
  })

  it('passes the end of one direction on, and the other goes on', async () => {
    const tunnel = await startTunnel()
    const { client, app } = tunnel
    const [atApp, atClient] = [textOf(app), textOf(client)]
    client.end('last')
    await expect.poll(() => atApp).toEqual({ text: 'last', hasEnded: true })
    app.write('still here')
    await expect.poll(() => atClient.text).toBe('still here')
    expect(tunnel.ended).toBe(0)
    app.end()
    await expect.poll(() => tunnel.ended).toBe(1)
    expect(atClient.hasEnded).toBe(true)
  })

  it.each(['client', 'app'] as const)('ends when the %s breaks off, on both sides', async (who) => {
    const tunnel = await startTunnel()
    const other = who === 'client' ? tunnel.app : tunnel.client
    other.resume().on('end', () => other.end())
    const closed = once(other, 'close')
    tunnel[who].resetAndDestroy()
    await closed
    await expect.poll(() => tunnel.ended).toBe(1)
    expect([tunnel.clientSide.destroyed, tunnel.appSide.destroyed]).toEqual([true, true])
  })

  it('reads no faster than the other side takes', async () => {
    const { client, app, clientSide, appSide } = await startTunnel()
    app.pause()
    const most = 64 * 1_048_576
    const piece = Buffer.alloc(65_536)
    let sent = 0
    while (sent < most && (client.write(piece) || (await isDrained(client)))) sent += piece.length
    expect(sent).toBeLessThan(most)
    expect(appSide.writableLength + clientSide.readableLength).toBeLessThan(1_048_576)
  })
})

/** Whether the other side takes more within a moment. */
function isDrained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 200, false)
    socket.once('drain', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
