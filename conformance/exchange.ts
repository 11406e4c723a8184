/** Sends bytes to an address and reads the response, on its own connection with limits for time and size. */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { parseAnswer, type Answer } from './answer.ts'
import type { Wire } from './request-maker.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** Undefined for plain TCP. */
  readonly tls: { readonly isVerified: boolean } | undefined
}

export type Silence = 'time' | 'closed' | 'unreadable' | 'endless'

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Connected, but without a response; `unreadable` is not HTTP, `endless` is interim responses only. */
  | { readonly kind: 'silence'; readonly why: Silence }
  /** @param code of Node or OpenSSL. */
  | { readonly kind: 'unreachable'; readonly code: string }

/** More than any head with a refusal. The rest of an app's response does not matter. */
const MAX_BYTES = 64 * 1024

export function exchange(
  place: Place,
  { bytes, method }: Pick<Wire, 'bytes' | 'method'>,
  timeoutMs: number,
): Promise<Reply> {
  return new Promise((resolve) => {
    let received = ''
    let isConnected = false
    const socket = open(place, () => {
      isConnected = true
      socket.write(bytes)
    })
    const end = (reply: Reply) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reply)
    }
    /** A received response is used even if the connection breaks after it. */
    const endWith = (otherwise: Reply) => {
      const answer = parseAnswer(received, method, true)
      end(answer === undefined ? otherwise : replyOf(answer))
    }
    const timer = setTimeout(() => {
      endWith(isConnected ? { kind: 'silence', why: 'time' } : unreachable('ETIMEDOUT'))
    }, timeoutMs)
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      const isTooLong = received.length > MAX_BYTES
      const answer = parseAnswer(received, method, isTooLong)
      if (answer !== undefined) end(replyOf(answer))
      else if (isTooLong) end(hungUp(received))
    })
    const onEnd = (code: string) => {
      endWith(isConnected ? hungUp(received) : unreachable(code))
    }
    socket.on('error', (error: NodeJS.ErrnoException) => {
      onEnd(codeOf(error))
    })
    socket.on('close', () => {
      onEnd('ECONNRESET')
    })
  })
}

function open({ host, port, tls }: Place, onConnect: () => void): Socket {
  if (tls === undefined) return connectPlain({ host, port }, onConnect)
  const options = {
    host,
    port,
    // An address is not allowed as a server name (RFC 6066 3).
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: tls.isVerified,
  }
  return connectTls(options, onConnect)
}

/** If several addresses were tried, the first error counts. */
function codeOf(error: NodeJS.ErrnoException): string {
  const [first] = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : []
  return error.code ?? first?.code ?? error.message
}

/** A server that requires TLS responds to plain bytes with a TLS alert only. */
const TLS_ALERT = '\x15'

function hungUp(received: string): Reply {
  const isNothing = received === '' || received.startsWith(TLS_ALERT)
  return { kind: 'silence', why: isNothing ? 'closed' : 'unreadable' }
}

function replyOf(answer: Answer | 'endless'): Reply {
  return answer === 'endless' ? { kind: 'silence', why: answer } : { kind: 'answer', answer }
}

function unreachable(code: string): Reply {
  return { kind: 'unreachable', code }
}
