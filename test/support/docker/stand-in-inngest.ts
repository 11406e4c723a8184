/**
 * A program that replaces Inngest's server in the example of deploy/compose: `GET /health`, and `POST /e/KEY`,
 * which runs the function of the event by signed calls to `--sdk-url` and responds with the results.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const url = process.argv.find((argument) => argument.startsWith('--sdk-url='))?.slice(10) ?? ''
const key = process.env['INNGEST_SIGNING_KEY'] ?? ''
const MAX_STEPS = 5

interface Op {
  readonly id: string
  readonly data?: unknown
}

/** Sorts the keys, as the server sends them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]))
}

async function call(value: unknown) {
  const body = JSON.stringify(sorted(value))
  const seconds = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', key).update(body).update(seconds).digest('hex')
  const response = await fetch(`${url}?fnId=shop-confirm-order&stepId=step`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-inngest-signature': `t=${seconds}&s=${signature}`,
    },
  })
  return { status: response.status, text: await response.text() }
}

/** @returns the result of each call. */
async function run(event: object) {
  const steps: Record<string, unknown> = {}
  const results: { readonly status: number; readonly text: string }[] = []
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const stack = { stack: Object.keys(steps), current: 0 }
    const ctx = { fn_id: 'x', run_id: randomUUID(), step_id: 'step', attempt: 0, stack }
    const events = [{ ...event, ts: 1 }]
    const result = await call({ event: events[0], events, steps, ctx, version: 1, use_api: false })
    results.push(result)
    if (result.status !== 206) break
    for (const { id, data } of JSON.parse(result.text) as Op[]) steps[id] = { type: 'data', data }
  }
  return results
}

createServer((request, response) => {
  if (request.url === '/health') return void response.end('ok')
  void json(request)
    .then((event) => run(event as object))
    .then(
      (results) => response.end(JSON.stringify(results)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
}).listen(8288, '0.0.0.0')
