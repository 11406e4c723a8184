/**
 * The body of a call as Inngest's server sends it, in canonical form. `use_api: false` says that
 * nothing is to be fetched from Inngest first.
 */
export function callBody(requestId: string): string {
  const event = '{"data":{},"id":"conformance","name":"inngest-gateway/conformance","ts":1}'
  const ctx = [
    '"attempt":0',
    '"disable_immediate_execution":true',
    '"env":""',
    '"fn_id":"00000000-0000-0000-0000-000000000000"',
    '"qi_id":""',
    `"request_id":"${requestId}"`,
    '"run_id":"00000000000000000000000000"',
    '"stack":{"current":0,"stack":[]}',
    '"step_id":"step"',
    '"use_api":false',
  ].join(',')
  return `{"ctx":{${ctx}},"event":${event},"events":[${event}],"steps":{},"use_api":false,"version":2}`
}
