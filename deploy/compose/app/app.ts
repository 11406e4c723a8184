/** A shop on the Inngest SDK: one function of two steps. Listens on one address only, that of the gateway's network. */
import { createServer } from 'node:http'

import { Inngest } from 'inngest'
import { serve } from 'inngest/node'

// Keys and addresses come from INNGEST_* variables.
const inngest = new Inngest({ id: 'shop', isDev: false })

const confirmOrder = inngest.createFunction(
  { id: 'confirm-order', triggers: [{ event: 'shop/order.placed' }] },
  async ({ event, step }) => {
    const data = event.data as { readonly orderId?: unknown }
    const receipt = await step.run('write-receipt', () => `receipt of ${String(data.orderId)}`)
    return { receipt }
  },
)

const handleInngest = serve({ client: inngest, functions: [confirmOrder] })

const server = createServer((request, response) => {
  const [path] = (request.url ?? '').split('?')
  if (path === '/api/inngest') handleInngest(request, response)
  else response.writeHead(path === '/healthz' ? 200 : 404).end()
})

const host = process.env['HOST'] ?? '127.0.0.1'
const port = Number(process.env['PORT'] ?? 3000)
server.listen(port, host, () => {
  console.log(JSON.stringify({ msg: 'started', listen: server.address() }))
})

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
