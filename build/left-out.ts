/**
 * Parts of dependencies that their packages load in any case and the gateway never uses. Each would load
 * modules of Node at every start: node:https and node:zlib, node:worker_threads, an API for telemetry.
 */
import type { Plugin } from 'rolldown'

const LEFT_OUT = [
  // Sends metrics to a Pushgateway.
  'prom-client/lib/pushgateway.js',
  // Writes log lines in a thread; it would look for its files beside the part that it is in.
  'pino/lib/transport.js',
]

export function leaveOut(): Plugin {
  const missing = new Set(LEFT_OUT)
  return {
    name: 'leave-out',
    load: {
      filter: { id: LEFT_OUT.map((file) => `**/node_modules/${file}`) },
      handler: (id) => {
        const file = LEFT_OUT.find((one) => id.endsWith(`/node_modules/${one}`)) ?? id
        missing.delete(file)
        return `module.exports = function leftOut() { throw new Error('${file} is not in this build') }`
      },
    },
    buildEnd: () => {
      if (missing.size > 0) throw new Error(`no longer loaded: ${[...missing].join(', ')}`)
    },
  }
}
