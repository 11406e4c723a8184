/** Header fields of passthrough requests and answers as Node's client takes them. */
import type { PassthroughRequest } from '../admit/admit.ts'
import { fieldValues } from '../admit/request-head.ts'
import { keepPassthroughFields } from './header-filter.ts'
import { upstreamFields } from './upstream-request.ts'

/** Fields for Node's client, with the framing that the request came with. */
export function passthroughHeaders(accepted: PassthroughRequest, requestId: string) {
  const { method, rawHeaders } = accepted.head
  const kept = keepPassthroughFields(rawHeaders)
  const fields = fieldMap(upstreamFields(accepted, kept, requestId))
  const [length] = fieldValues(rawHeaders, 'content-length')
  if (fieldValues(rawHeaders, 'transfer-encoding').length > 0)
    fields['transfer-encoding'] = 'chunked'
  else if (length !== undefined) fields['content-length'] = length
  // Node would frame a POST without a body as an empty chunked one.
  else if (method !== 'GET' && method !== 'HEAD') fields['content-length'] = '0'
  return fields
}

/** Lower-case names; repeated ones keep all their lines, in order. */
export function fieldMap(fields: readonly string[]): Record<string, string | string[]> {
  const map = new Map<string, string[]>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i]?.toLowerCase(), fields[i + 1]]
    const values = map.get(name)
    if (values === undefined) map.set(name, [value])
    else values.push(value)
  }
  const entries = [...map].map(([name, values]) => [name, only(values)] as const)
  return Object.fromEntries(entries)
}

function only(values: readonly string[]): string | string[] {
  const [value = ''] = values
  return values.length === 1 ? value : [...values]
}
