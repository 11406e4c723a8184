/** Reads the PROXY protocol header at the start of a connection. */
import type { Socket } from 'node:net'

import { parseProxyHeader, type ProxiedConnection } from '../ip/proxy-protocol.ts'

/** `ended silently`: the peer closed without a single byte, as a TCP health check does. */
export type PrefaceReading = ProxiedConnection | 'invalid' | 'ended silently'

export function readProxyHeader(socket: Socket, timeoutMs: number): Promise<PrefaceReading> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const settle = (reading: PrefaceReading) => {
      clearTimeout(timer)
      socket.off('readable', onReadable).off('close', onEnd).off('end', onEnd)
      resolve(reading)
    }
    const onEnd = () => {
      settle(socket.bytesRead === 0 ? 'ended silently' : 'invalid')
    }
    const onReadable = () => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      bytes = Buffer.concat([bytes, chunk])
      const reading = parseProxyHeader(bytes)
      if (reading.state === 'incomplete') return
      if (reading.state === 'complete' && bytes.length > reading.length) {
        socket.unshift(bytes.subarray(reading.length))
      }
      settle(reading.state === 'complete' ? reading.proxied : 'invalid')
    }
    const timer = setTimeout(() => {
      settle('invalid')
    }, timeoutMs)
    socket.on('readable', onReadable).once('close', onEnd).once('end', onEnd)
  })
}
