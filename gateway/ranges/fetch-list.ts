/** Fetches the text of a published list: https from end to end, bounded in time and in size. */
import { EnvHttpProxyAgent, errors, request, type Dispatcher } from 'undici'

import { version } from '../version.ts'
import { ListFault, MAX_LIST_BYTES, MAX_REDIRECTS } from './list-fault.ts'

export interface FetchOptions {
  /** For everything together, redirects included. */
  readonly timeoutMs: number
  /** Authorities to trust instead of the well-known ones, PEM. */
  readonly ca?: string | undefined
  /** Gives up early. */
  readonly signal?: AbortSignal | undefined
}

/** Honours HTTPS_PROXY and NO_PROXY. @throws ListFault */
export async function fetchList(url: string, options: FetchOptions): Promise<string> {
  const timeUp = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any(options.signal ? [timeUp, options.signal] : [timeUp])
  let agent: Dispatcher | undefined
  try {
    agent = createAgent(options)
    return await follow(new URL(url), agent, signal)
  } catch (error) {
    if (error instanceof ListFault) throw error
    const isLate = timeUp.aborted || error instanceof errors.ConnectTimeoutError
    throw new ListFault(isLate ? 'timeout' : 'unreachable', error)
  } finally {
    await agent?.destroy()
  }
}

/** @throws for a variable that holds no URL. */
function createAgent({ ca, timeoutMs }: FetchOptions): Dispatcher {
  // Verified whatever NODE_TLS_REJECT_UNAUTHORIZED says: the list decides who is let in.
  const verified = { rejectUnauthorized: true, timeout: timeoutMs, allowH2: false }
  const toServer = { ...verified, ...(ca !== undefined && { ca }) }
  return new EnvHttpProxyAgent({ connect: toServer, requestTls: toServer, proxyTls: verified })
}

const FIELDS = { 'user-agent': `inngest-gateway/${version}`, accept: 'text/plain, */*;q=0.5' }

async function follow(start: URL, dispatcher: Dispatcher, signal: AbortSignal): Promise<string> {
  let url = start
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    if (url.protocol !== 'https:') throw new ListFault('insecure_redirect')
    const answer = await request(url, { dispatcher, signal, headers: FIELDS })
    if (answer.statusCode === 200) return readText(answer)
    url = locationOf(answer, url)
  }
  throw new ListFault('status', new Error('too many redirects'))
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

function locationOf({ statusCode, headers }: Dispatcher.ResponseData, base: URL): URL {
  const { location } = headers
  const isRedirect = REDIRECTS.has(statusCode) && typeof location === 'string'
  const target = isRedirect ? URL.parse(location, base.href) : null
  if (target === null) throw new ListFault('status', new Error(`status ${String(statusCode)}`))
  return target
}

async function readText({ headers, body }: Dispatcher.ResponseData): Promise<string> {
  // Without a length a body cut short looks complete (RFC 9112 8), and a cut `18.221.41.118` is another
  // host.
  const isDelimited = 'content-length' in headers || 'transfer-encoding' in headers
  if (!isDelimited) throw new ListFault('unreachable', new Error('a response without a length'))
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > MAX_LIST_BYTES) throw new ListFault('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
