/** The sockets that listen on a port of this machine, of any process. */
import { readFileSync } from 'node:fs'

/** The format is that of proc_net_tcp(5): the local address, and later the state, which is 0A for a listening socket. */
export function listeningSockets(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/self/net/tcp', 'utf8').split('\n')
  return lines.filter((line) => new RegExp(`^ *\\d+: \\w+:${hex} \\w+:\\w+ 0A `).test(line)).length
}
