/** Opens a listener, or throws a failure that names the configuration key and the problem. */
import { formatHostPort } from '../ip/authority.ts'
import { StartFailure } from '../config/start-failure.ts'
import type { ListenAddress } from './listen.ts'

interface ListenProblem {
  /** The key that the operator has to change. */
  readonly key: keyof ListenAddress
  readonly why: string
}

const problems: Readonly<Record<string, ListenProblem>> = {
  EADDRINUSE: { key: 'port', why: 'address already in use' },
  EACCES: { key: 'port', why: 'permission denied' },
  EADDRNOTAVAIL: { key: 'host', why: 'not an address of this machine' },
  ENOTFOUND: { key: 'host', why: 'no such host' },
  EAI_AGAIN: { key: 'host', why: 'no response from the name server' },
}

/**
 * @param section the section of the configuration with this address.
 * @throws StartFailure instead of what `open` throws for a known problem.
 */
export async function openListener<T>(
  section: 'listen' | 'ops' | 'externalAuth',
  address: ListenAddress,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const problem = problems[code]
    if (problem === undefined) throw error
    const { key, why } = problem
    const at = formatHostPort(address)
    throw new StartFailure(`${section}.${key}: cannot listen on ${at}: ${why}`, error)
  }
}
