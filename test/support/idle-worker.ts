/** A worker that serves no requests, but reports to its primary that it does. The third one hangs at its start. */
import cluster from 'node:cluster'

import type { Order, Report } from '../../gateway/workers/messages.ts'

const report = (what: Report) => process.send?.(what)

process.on('message', (order: Order) => {
  if (order.kind === 'start' && cluster.worker?.id !== 3) report({ kind: 'serving' })
  if (order.kind === 'ask') report({ kind: 'answer', id: order.id, answer: undefined })
  if (order.kind === 'stop') process.exit()
})
report({ kind: 'here' })
