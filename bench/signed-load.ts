/** Requests made ahead, each with an id and a valid MAC of its own, as files for send-signed.lua. */
import { createHash, randomBytes, type Hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { ID_CHARACTERS, makeBody, type Halves, type SplitBody } from './bodies.ts'
import type { Cell } from './cells.ts'
import type { Call } from './post.ts'

/** Without its prefix. */
export const benchKey = 'f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f'

const BLOCK_BYTES = 64

/** `sign` makes the MAC of the body with this id, in hex. */
export interface Signer {
  readonly timestampSeconds: number
  readonly sign: (id: string) => string
}

/**
 * HMAC-SHA256 (RFC 2104) with the long part that all bodies share hashed once, which `createHmac`
 * cannot be made to do.
 */
export function createSigner(key: string, { before, after }: Halves, nowMs: number): Signer {
  const timestampSeconds = Math.floor(nowMs / 1000)
  const inner = padded(key, 0x36).update(before)
  const outer = padded(key, 0x5c)
  const rest = `${after}${String(timestampSeconds)}`
  return {
    timestampSeconds,
    sign: (id) => outer.copy().update(inner.copy().update(id).update(rest).digest()).digest('hex'),
  }
}

function padded(key: string, pad: number): Hash {
  const block = Buffer.alloc(BLOCK_BYTES, pad)
  for (const [i, byte] of Buffer.from(key).entries()) block[i] = byte ^ pad
  return createHash('sha256').update(block)
}

export class SignedLoad {
  readonly #cell: Cell
  readonly #body: SplitBody
  readonly #folder: string
  /** No two ids of one run are alike. */
  readonly #run = randomBytes(8).toString('hex')
  #count = 0

  constructor(cell: Cell, folder: string) {
    this.#cell = cell
    this.#body = makeBody(cell.bodyBytes, cell.form)
    this.#folder = folder
  }

  /** Writes that many requests, signed now. @returns the arguments for send-signed.lua. */
  write(count: number): string[] {
    const signer = createSigner(benchKey, this.#body.signed, Date.now())
    const [before, between] = this.#head(signer.timestampSeconds)
    const { sent } = this.#body
    const records = Array.from({ length: count }, () => {
      const id = this.#nextId()
      return `${id}${signer.sign(id)}`
    })
    return [
      this.#file('before', before),
      this.#file('between', `${between}${sent.before}`),
      this.#file('after', sent.after),
      this.#file('records', records.join('')),
    ]
  }

  /** One request that is not sent by wrk. */
  single(): Call {
    const signer = createSigner(benchKey, this.#body.signed, Date.now())
    const id = this.#nextId()
    const { before, after } = this.#body.sent
    return {
      signature: `t=${String(signer.timestampSeconds)}&s=${signer.sign(id)}`,
      body: Buffer.from(`${before}${id}${after}`),
    }
  }

  /** The head of a call as recorded from Inngest's server, before and behind the MAC. */
  #head(timestampSeconds: number): [string, string] {
    const { sent } = this.#body
    const length = Buffer.byteLength(sent.before) + ID_CHARACTERS + Buffer.byteLength(sent.after)
    const connection = this.#cell.connection === 'close' ? ['Connection: close'] : []
    const before = [
      'POST /api/inngest?fnId=shop-order&stepId=step HTTP/1.1',
      'Host: localhost:4000',
      'User-Agent: Inngest',
      ...connection,
      `Content-Length: ${String(length)}`,
      'Account-Id: 00000000-0000-4000-a000-000000000000',
      'Content-Type: application/json',
      'Traceparent: 00-4c424e0802e8b67b0290c9d0f6fb65d0-05db31942f4430de-01',
      'X-Inngest-Generation-Id: 1',
      'X-Inngest-Job-Id: 2e5qet6yz8kn2',
      'X-Inngest-Req-Version: -1',
      `X-Inngest-Signature: t=${String(timestampSeconds)}&s=`,
    ]
    const between = [
      '',
      'X-Inngest-Step-Id: step',
      'X-Request-Id: 01M85C81YK6VGT08R838HYTGVP',
      'X-Run-Id: 01M85C81NVJ7KSQSW1MTCWKVP4',
      'Accept-Encoding: gzip',
      '',
      '',
    ]
    return [before.join('\r\n'), between.join('\r\n')]
  }

  #nextId(): string {
    this.#count += 1
    return this.#run + this.#count.toString(16).padStart(ID_CHARACTERS - this.#run.length, '0')
  }

  #file(name: string, text: string): string {
    const file = path.join(this.#folder, name)
    writeFileSync(file, text)
    return file
  }
}
