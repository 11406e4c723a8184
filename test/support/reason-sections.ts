/** The sections of docs/reference/reasons.md: one for each reason, so that each has an anchor. */
import { faults } from '../../gateway/admit/faults.ts'
import { phases, reasons, type Phase } from '../../gateway/admit/reasons.ts'

const titles: Readonly<Record<Phase, string>> = {
  connection: 'Connection',
  head: 'Request headers',
  route: 'Route',
  client: 'Client address',
  allowlist: 'Allowlist',
  credentials: 'Credentials',
  capacity: 'Capacity',
  body: 'Body',
  signature: 'Signature',
  agreement: 'Agreement of signed and unsigned ids',
  freshness: 'Freshness',
  replay: 'Replay',
  limits: 'Limits of the app',
}

interface Row {
  readonly status: number | undefined
  readonly meaning: string
  readonly remedy: string
}

function section(code: string, { status, meaning, remedy }: Row): string {
  const response = status === undefined ? 'No response.' : `Status ${String(status)}.`
  return `#### \`${code}\`\n\n${response} ${meaning}\n\n**What to do:** ${remedy}`
}

/** @returns the reasons, in the order of the checks. */
export function reasonSections(): string {
  return phases
    .map((phase) => {
      const rows = Object.entries(reasons).filter(([, row]) => row.phase === phase)
      return [`### ${titles[phase]}`, ...rows.map(([code, row]) => section(code, row))].join('\n\n')
    })
    .join('\n\n')
}

const sources = {
  upstream: 'Faults of the app',
  downstream: 'Faults of the client',
  internal: 'Faults of the gateway',
}

export function faultSections(): string {
  return Object.entries(sources)
    .map(([source, title]) => {
      const rows = Object.entries(faults).filter(([, row]) => row.source === source)
      return [`### ${title}`, ...rows.map(([code, row]) => section(code, row))].join('\n\n')
    })
    .join('\n\n')
}
