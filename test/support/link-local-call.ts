/**
 * A program for a network namespace of its own: a gateway on a link-local IPv6 address gets one signed call
 * from there, with the `settings` of its argument. It prints the result.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { send, signatureHeader } from './sender.ts'
import { startTestGateway, testKey } from './test-gateway.ts'

const ADDRESS = 'fe80::5'
const [settings = '{}', fields = '{}'] = process.argv.slice(2)

const ip = (...args: string[]) => execFileSync('ip', args)
ip('link', 'set', 'lo', 'up')
ip('link', 'add', 'link0', 'type', 'veth', 'peer', 'name', 'link1')
ip('link', 'set', 'link0', 'up')
ip('link', 'set', 'link1', 'up')
// Duplicate address detection would make the address unusable for a second.
ip('addr', 'add', `${ADDRESS}/64`, 'dev', 'link0', 'nodad')

const app = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
await once(app, 'listening')
const upstream = `http://127.0.0.1:${String((app.address() as AddressInfo).port)}`
const gateway = await startTestGateway(upstream, {
  listen: { host: '::', port: 0 },
  ...(JSON.parse(settings) as object),
})
const body = '{"ctx":{"request_id":"link-local","run_id":"run"}}'
const signature = signatureHeader(testKey, body, Math.floor(gateway.clock.wallMs / 1000))
const host = `${ADDRESS}%link0`
const headers = { host: 'app', 'x-inngest-signature': signature, ...(JSON.parse(fields) as object) }
const { status } = await send({ port: gateway.port, host, headers, body })
const line = gateway.logLines.find(({ msg }) => msg === 'request')
console.log(JSON.stringify({ status, line }))
await gateway.stop()
app.close()
