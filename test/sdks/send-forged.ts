/** Sends a forged request, in bytes, and sees whether any byte got to the app. */
import { sendRaw } from '../support/raw.ts'
import { sendTo } from './exchange.ts'
import type { ForgedCase, Forgery } from './forged-cases.ts'
import type { Scene } from './scene.ts'

/** @returns whether anything reached the app. */
export async function sendForged({ make }: ForgedCase, scene: Scene): Promise<boolean> {
  const forgery = make()
  const send = sendTo(scene.gatewayPort)
  for (const request of forgery.first ?? []) await send(request)
  const before = scene.reached()
  await sendRaw(scene.gatewayPort, bytesOf(forgery), { from: forgery.from ?? '127.0.0.1' })
  return scene.reached() > before
}

function bytesOf({ request, lines = [], framing }: Forgery): Buffer {
  const { method, target, headers, body } = request
  const length = body === '' ? [] : [`Content-Length: ${String(Buffer.byteLength(body))}`]
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...lines,
    ...(framing ?? length),
  ].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}
