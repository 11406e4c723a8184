/** Bytes to an address and what comes back, on a connection of its own and bounded in time and size. */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { parseAnswer, type Answer } from './answer.ts'
import type { Wire } from './request-maker.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** Undefined speaks no TLS. */
  readonly tls: { readonly isVerified: boolean } | undefined
}

export type Silence = 'time' | 'closed' | 'unreadable' | 'endless'

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Connected, but no answer came; `unreadable` is no HTTP, `endless` are interim answers only. */
  | { readonly kind: 'silence'; readonly why: Silence }
  /** @param code of Node or OpenSSL. */
  | { readonly kind: 'unreachable'; readonly code: string }

/** More than any head with a refusal behind it; what an app says beyond it is of no interest. */
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
    /** With what there is: an answer is read even if the connection breaks behind it. */
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
    // An address is no server name (RFC 6066 3).
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: tls.isVerified,
  }
  return connectTls(options, onConnect)
}

/** Of several addresses that were tried, the first says why. */
function codeOf(error: NodeJS.ErrnoException): string {
  const [first] = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : []
  return error.code ?? first?.code ?? error.message
}

/** A TLS alert is all that whoever wants TLS says to plain bytes. */
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
