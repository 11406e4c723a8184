/** `explain --log`: describes a log line, and the current settings for its client address. */
import { z } from 'zod'

import { parseAddress } from '../ip/address.ts'
import type { Settings } from '../config/compile.ts'
import { isDiagnosisKind } from '../diagnosis/diagnose.ts'
import {
  describeAllowed,
  describeDiagnosis,
  describeReason,
  describeUnrouted,
} from './trace-report.ts'
import { printText } from './print.ts'

const lineSchema = z.looseObject({
  decision: z.enum(['admitted', 'refused', 'failed']),
  reason: z.string(),
  route: z.string().optional(),
  host: z.string().optional(),
  path: z.string().optional(),
  client_ip: z.string().optional(),
  remote_ip: z.string().optional(),
  client_ip_source: z.string().optional(),
  key_slot: z.number().optional(),
  key: z.string().optional(),
  app: z.string().optional(),
  signature_age_seconds: z.number().optional(),
  report_only: z.array(z.string()).optional(),
  encryption: z.string().optional(),
  diagnosis: z.string().optional(),
  diagnosis_detail: z.string().optional(),
})

type Line = z.output<typeof lineSchema>

/** @returns 0 if the line is about an admitted request, else 1. */
export function explainLogLine(text: Buffer, settings: Settings): number {
  const line = parseLine(text)
  const steps = [
    ['route', line.route ?? unroutedOf(line, settings)],
    ['client', clientOf(line)],
    ['allowlist', allowlistOf(line, settings)],
    ['signature', line.key && `by key ${String(line.key_slot)} (${line.key})`],
    ['app', line.app],
    [
      'age',
      line.signature_age_seconds === undefined
        ? undefined
        : `${String(line.signature_age_seconds)} s`,
    ],
    ['encryption', line.encryption],
    ['report-only', line.report_only?.map(describeReason).join('; ')],
    ['diagnosis', diagnosisOf(line)],
    ['decision', line.decision === 'admitted' ? 'admitted' : describeReason(line.reason)],
  ] as const
  for (const [name, said] of steps) {
    if (said !== undefined) printText(`${name.padEnd(12)}${said}`)
  }
  return line.decision === 'admitted' ? 0 : 1
}

/** @throws with a message that says what input is needed. */
function parseLine(text: Buffer): Line {
  try {
    return lineSchema.parse(JSON.parse(text.toString('utf8')))
  } catch {
    throw new Error('--log: expected the JSON log line of one request')
  }
}

function unroutedOf({ host = '', path = 'unknown', reason }: Line, settings: Settings): string {
  return describeUnrouted(host, path, reason, settings)
}

function clientOf({
  client_ip: client,
  remote_ip: remoteAddress,
  client_ip_source: source,
}: Line): string {
  if (client === undefined) return `unresolved; remote address ${remoteAddress ?? 'unknown'}`
  return `${client}, from ${source ?? 'an unknown source'}; remote address ${remoteAddress ?? 'unknown'}`
}

function allowlistOf({ client_ip: client }: Line, settings: Settings): string | undefined {
  const address = client === undefined ? undefined : parseAddress(client)
  return address && `with the current settings ${describeAllowed(address, settings)}`
}

function diagnosisOf({ diagnosis, diagnosis_detail: detail }: Line): string | undefined {
  if (diagnosis === undefined || !isDiagnosisKind(diagnosis)) return diagnosis
  return describeDiagnosis({ kind: diagnosis, detail })
}
