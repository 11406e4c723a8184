import { isIPv4 } from 'node:net'

/** Of any other name, where it leads is for whoever answers for it to say. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
