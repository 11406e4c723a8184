/** Says of a listener that cannot be opened which key of the configuration it comes from, and why. */
import { formatHostPort } from '../host-port.ts'
import { StartFailure } from '../start-failure.ts'
import type { ListenAddress } from './listen.ts'

interface Fault {
  /** The key that is to be changed. */
  readonly key: keyof ListenAddress
  readonly why: string
}

const faults: Readonly<Record<string, Fault>> = {
  EADDRINUSE: { key: 'port', why: 'address already in use' },
  EACCES: { key: 'port', why: 'permission denied' },
  EADDRNOTAVAIL: { key: 'host', why: 'not an address of this machine' },
  ENOTFOUND: { key: 'host', why: 'no such host' },
  EAI_AGAIN: { key: 'host', why: 'no answer from the name server' },
}

/**
 * @param section of the configuration that says `address`.
 * @throws StartFailure instead of what `open` throws for a known fault.
 */
export async function nameListener<T>(
  section: 'listen' | 'ops' | 'authorizer',
  address: ListenAddress,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const fault = faults[code]
    if (fault === undefined) throw error
    const at = formatHostPort(address)
    throw new StartFailure(`${section}.${fault.key}: cannot listen on ${at}: ${fault.why}`, error)
  }
}
