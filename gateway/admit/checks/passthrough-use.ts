/** Checks that a passthrough route can forward a request: anything but tunnels and unknown protocols. */
import { pass, refuse, type Verdict } from '../verdict.ts'
import { announcesBody, fieldValues, type RequestHead } from '../request-head.ts'

export function checkPassthroughUse(head: RequestHead): Verdict<undefined> {
  // TRACE would show the sender which fields the gateway adds.
  if (head.method === 'TRACE') return refuse('method_not_allowed')
  if (head.isUpgrade && !isWebSocket(head)) return refuse('upgrade_not_allowed')
  return pass(undefined)
}

/** Checks the announced length; a chunked body is counted while it is streamed (forward/passthrough.ts). */
export function checkAnnouncedSize({ rawHeaders }: RequestHead, most: number): Verdict<undefined> {
  const [length = '0'] = fieldValues(rawHeaders, 'content-length')
  return Number(length) > most ? refuse('body_too_large') : pass(undefined)
}

/**
 * An upgrade to another protocol is refused, and so is a WebSocket handshake with a body (RFC 6455 4.1 has
 * none): the body is not streamed, and an app that responds without reading it would take the next request on
 * the pooled connection for it.
 */
function isWebSocket({ method, rawHeaders }: RequestHead): boolean {
  if (announcesBody(rawHeaders)) return false
  const protocols = fieldValues(rawHeaders, 'upgrade')
  return method === 'GET' && protocols.length === 1 && protocols[0]?.toLowerCase() === 'websocket'
}
