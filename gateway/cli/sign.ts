/** `sign`: makes a signature like Inngest's, ready to send. */
import { isUtf8 } from 'node:buffer'

import { canonicalizeJson } from '../inngest/jcs/canonical-json.ts'
import { computeMac } from '../inngest/mac.ts'
import type { Environment } from '../config/read/resolve-keys.ts'
import { holdsKey } from '../redact/redact-secrets.ts'
import { readSigningInput } from './signing-input.ts'
import { printError } from './print.ts'

export interface SignOptions {
  readonly keyEnv: string
  readonly body?: string
  readonly url: string
  readonly method: string
  readonly headerOnly?: boolean
}

export function sign(options: SignOptions, env: Environment, nowMs: number): number {
  if (holdsKey(options.url) || holdsKey(options.method)) {
    printError(
      '--url and --method are printed, so they must not contain a key: give the name of its environment variable with --key-env',
    )
    return 2
  }
  const input = readSigningInput(options.keyEnv, options.body, env)
  if (input === undefined) return 2
  // Inngest signs canonical bodies, and an SDK canonicalizes a body before it compares.
  const body = canonicalizeJson(input.body) ?? input.body
  if (options.headerOnly !== true && (!isUtf8(body) || body.includes(0))) {
    printError(
      'the body is not UTF-8 or contains a zero byte, so no command line can hold it: use --header-only, and curl --data-binary @FILE',
    )
    return 2
  }
  const timestampSeconds = Math.floor(nowMs / 1000)
  const mac = computeMac(input.key, body, timestampSeconds).toString('hex')
  const header = `t=${String(timestampSeconds)}&s=${mac}`
  console.log(options.headerOnly === true ? header : curlLine(options, body, header))
  return 0
}

function curlLine({ method, url }: SignOptions, body: Uint8Array, header: string): string {
  // Not `--data-binary`, which reads a body that begins with @ as a file name.
  const data = body.length === 0 ? [] : ['--data-raw', quote(Buffer.from(body).toString('utf8'))]
  return [
    ...['curl', '-i', '-X', method],
    ...['-H', quote('Content-Type: application/json')],
    ...['-H', quote(`X-Inngest-Signature: ${header}`)],
    ...data,
    quote(url),
  ].join(' ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
