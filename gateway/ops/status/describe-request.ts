/** One request as a row, with data from its log line only. */
import type { LogFields } from '../../record/log-fields.ts'
import type { Decision } from '../../record/request-record.ts'
import { formatAge, formatBytes, formatDuration, formatTime } from './format.ts'
import type { RecentRequest } from './status.ts'
import type { Row, Tone } from './view.ts'

const decisionTones: Readonly<Record<Decision, Tone>> = {
  admitted: 'good',
  refused: 'warn',
  failed: 'bad',
}

export function describeRequest({ key, endedMs, fields }: RecentRequest, nowMs: number): Row {
  const { decision } = fields
  return {
    key,
    kind: decision,
    cells: [
      { text: formatTime(endedMs, nowMs) },
      { text: decision, sub: whyOf(fields), tone: decisionTones[decision] },
      { text: `${fields.method ?? ''} ${fields.path ?? ''}`.trim() || '–', sub: idsOf(fields) },
      { text: fields.client_ip ?? fields.remote_ip ?? '–', sub: viaOf(fields) },
      { text: fields.route ?? '–', sub: keysOf(fields) },
      { text: String(fields.status ?? 'none'), sub: upstreamOf(fields) },
      { text: formatDuration(fields.duration_ms ?? 0), sub: sizeOf(fields) },
    ],
  }
}

function whyOf({
  reason,
  diagnosis,
  diagnosis_detail,
  report_only,
}: LogFields): string | undefined {
  return listed([
    reason === 'none' ? undefined : reason,
    diagnosis && `diagnosis ${diagnosis}`,
    diagnosis_detail,
    report_only && `report-only ${report_only.join(', ')}`,
  ])
}

function idsOf({ request_id, app, fn_id, step_id, run_id, unsigned, redirect }: LogFields) {
  return listed([
    app && `app ${app}`,
    fn_id && `fn ${fn_id}`,
    step_id && `step ${step_id}`,
    run_id && `run ${run_id}`,
    unsigned === true ? 'unsigned' : undefined,
    redirect && `redirect ${redirect}`,
    `id\u00a0${request_id}`,
  ])
}

function keysOf({ durable, key, resigned_with }: LogFields): string | undefined {
  return listed([durable, key, resigned_with && `re-signed with ${resigned_with}`])
}

function viaOf({
  client_ip_source,
  remote_ip,
  client_ip,
  proxied_ip,
}: LogFields): string | undefined {
  return listed([
    client_ip_source === 'peer' ? undefined : client_ip_source,
    remote_ip === client_ip ? undefined : `peer ${remote_ip ?? '–'}`,
    proxied_ip === undefined || proxied_ip === client_ip ? undefined : `proxied ${proxied_ip}`,
  ])
}

function upstreamOf({ status, upstream_status }: LogFields): string | undefined {
  return upstream_status === undefined || upstream_status === status
    ? undefined
    : `app ${String(upstream_status)}`
}

function sizeOf({
  body_bytes,
  signature_age_seconds,
  upstream_duration_ms,
}: LogFields): string | undefined {
  return listed([
    upstream_duration_ms === undefined ? undefined : `app ${formatDuration(upstream_duration_ms)}`,
    body_bytes === undefined ? undefined : formatBytes(body_bytes),
    signature_age_seconds === undefined ? undefined : formatAge(signature_age_seconds),
  ])
}

function listed(parts: readonly (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined && part !== '')
  return said.length === 0 ? undefined : said.join(' · ')
}
