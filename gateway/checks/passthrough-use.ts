/** Whether a passthrough route can carry a request: everything but tunnels and unknown protocols. */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { fieldValues, type RequestHead } from './request-head.ts'

export function checkPassthroughUse(head: RequestHead): Verdict<undefined> {
  // It would tell the sender which fields the gateway adds.
  if (head.method === 'TRACE') return refuse('method_not_allowed')
  if (head.isUpgrade && !isWebSocket(head)) return refuse('upgrade_not_allowed')
  return pass(undefined)
}

/** Not h2c: behind that upgrade the gateway would see nothing any more. */
function isWebSocket({ method, rawHeaders }: RequestHead): boolean {
  const protocols = fieldValues(rawHeaders, 'upgrade')
  return method === 'GET' && protocols.length === 1 && protocols[0]?.toLowerCase() === 'websocket'
}
