/** Whether a passthrough route can carry a request: everything but tunnels and unknown protocols. */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { announcesBody, fieldValues, type RequestHead } from '../request-head.ts'

export function checkPassthroughUse(head: RequestHead): Verdict<undefined> {
  // It would tell the sender which fields the gateway adds.
  if (head.method === 'TRACE') return refuse('method_not_allowed')
  if (head.isUpgrade && !isWebSocket(head)) return refuse('upgrade_not_allowed')
  return pass(undefined)
}

/** As far as the head tells; what comes in chunks is counted on its way (forward/passthrough.ts). */
export function checkAnnouncedSize({ rawHeaders }: RequestHead, most: number): Verdict<undefined> {
  const [length = '0'] = fieldValues(rawHeaders, 'content-length')
  return Number(length) > most ? refuse('body_too_large') : pass(undefined)
}

/**
 * Not with another protocol, and not with a body (RFC 6455 4.1 knows none): it is not streamed, and an app that
 * responds without having had it would take the next request on the pooled connection for it.
 */
function isWebSocket({ method, rawHeaders }: RequestHead): boolean {
  if (announcesBody(rawHeaders)) return false
  const protocols = fieldValues(rawHeaders, 'upgrade')
  return method === 'GET' && protocols.length === 1 && protocols[0]?.toLowerCase() === 'websocket'
}
