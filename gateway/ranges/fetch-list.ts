/** Fetches the text of a published list. Only over https, and bounded in time and size. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as requestSecure } from 'node:https'

import { version } from '../version.ts'
import { connectTo, type ConnectOptions } from './list-connection.ts'
import { ListFault, MAX_LIST_BYTES, MAX_REDIRECTS } from './list-fault.ts'

export interface FetchOptions {
  /** For the whole fetch, redirects included. */
  readonly timeoutMs: number
  /** Authorities to trust instead of the well-known ones, PEM. */
  readonly ca?: string | undefined
  /** Aborts the fetch. */
  readonly signal?: AbortSignal | undefined
}

/** Goes through HTTPS_PROXY, except to hosts in NO_PROXY. @throws ListFault */
export async function fetchList(url: string, options: FetchOptions): Promise<string> {
  const timeUp = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any(options.signal ? [timeUp, options.signal] : [timeUp])
  try {
    return await follow(new URL(url), { ca: options.ca, signal })
  } catch (error) {
    if (error instanceof ListFault) throw error
    throw new ListFault(timeUp.aborted ? 'timeout' : 'unreachable', error)
  }
}

async function follow(start: URL, options: ConnectOptions): Promise<string> {
  let url = start
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    if (url.protocol !== 'https:') throw new ListFault('insecure_redirect')
    const next = await fetchOnce(url, options)
    if (typeof next === 'string') return next
    url = next
  }
  throw new ListFault('status', new Error('too many redirects'))
}

const HEADERS = { 'user-agent': `inngest-gateway/${version}`, accept: 'text/plain, */*;q=0.5' }

/** @returns the text, or the URL of a redirect. */
async function fetchOnce(url: URL, options: ConnectOptions): Promise<string | URL> {
  const { signal } = options
  const socket = await connectTo(url, options)
  try {
    const request = requestSecure(url, {
      signal,
      headers: HEADERS,
      // Strict, even if NODE_OPTIONS has --insecure-http-parser.
      insecureHTTPParser: false,
      createConnection: () => socket,
    })
    // Node reports bytes after the response as an error of the request, while the response is read.
    request.on('error', () => undefined).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response.statusCode === 200 ? await readText(response) : locationOf(response, url)
  } finally {
    socket.destroy()
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

function locationOf({ statusCode = 0, headersDistinct }: IncomingMessage, base: URL): URL {
  const [location, ...others] = headersDistinct['location'] ?? []
  const isRedirect = REDIRECTS.has(statusCode) && location !== undefined && others.length === 0
  const target = isRedirect ? URL.parse(location, base.href) : null
  if (target === null) throw new ListFault('status', new Error(`status ${String(statusCode)}`))
  return target
}

async function readText(response: IncomingMessage): Promise<string> {
  // Without a length, a truncated body looks complete (RFC 9112 8), and a truncated `18.221.41.118` is another
  // host.
  const isDelimited =
    'content-length' in response.headers || 'transfer-encoding' in response.headers
  if (!isDelimited) throw new ListFault('unreachable', new Error('a response without a length'))
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > MAX_LIST_BYTES) throw new ListFault('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
