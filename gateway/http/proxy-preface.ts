/** Takes the PROXY protocol header off the front of a connection. */
import type { Socket } from 'node:net'

import { parseProxyHeader } from '../checks/proxy-header.ts'
import type { ProxiedConnection } from '../checks/request-head.ts'

/** @returns undefined if there is none in time, or none that can be read. */
export function readProxyHeader(
  socket: Socket,
  timeoutMs: number,
): Promise<ProxiedConnection | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const settle = (proxied: ProxiedConnection | undefined) => {
      clearTimeout(timer)
      socket.off('readable', onReadable).off('close', onEnd).off('end', onEnd)
      resolve(proxied)
    }
    const onEnd = () => {
      settle(undefined)
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
      settle(reading.state === 'complete' ? reading.proxied : undefined)
    }
    const timer = setTimeout(onEnd, timeoutMs)
    socket.on('readable', onReadable).once('close', onEnd).once('end', onEnd)
  })
}
