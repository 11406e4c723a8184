/** The generated parts of docs/reference/sdk-compatibility.md: the results of test/sdks. */
import { forgedCases } from '../sdks/forged-cases.ts'
import { honestCases } from '../sdks/honest-cases.ts'
import { readResults, type AppResult, type HonestOutcome } from '../sdks/results.ts'
import { listOf, table } from './markdown.ts'

const { apps, date } = readResults()

const labelOf = ({ language, version, adapter }: AppResult) => `${language} ${version}, ${adapter}`

export function runTable(): string {
  const rows = apps.map((app) => {
    const outcomes = Object.values(app.honest)
    const count = (...names: HonestOutcome['outcome'][]) =>
      String(outcomes.filter(({ outcome }) => names.includes(outcome)).length)
    return [
      labelOf(app),
      app.frameworkVersion ?? '',
      count('same'),
      count('differs'),
      count('mended'),
      count('refused', 'unsteady'),
      count('failed'),
      `${String(app.forged.reached.length)} of ${String(app.forged.sent)}`,
    ]
  })
  const head = [
    'SDK, adapter',
    'framework',
    'same',
    'differs',
    'only through the gateway',
    'refused by the app',
    'failed',
    'forged that reached the app',
  ]
  return `Run on ${date}.\n\n${table(head, rows)}`
}

/** Rows with the same case and outcome are merged. */
export function exceptionsTable(): string {
  const rows = honestCases.flatMap(({ name }) => {
    const byText = new Map<string, string[]>()
    for (const app of apps) {
      const text = describe(app.honest[name])
      if (text !== undefined) byText.set(text, [...(byText.get(text) ?? []), labelOf(app)])
    }
    return [...byText].map(([text, labels]) => [`\`${name}\``, labels.join('; '), text])
  })
  return table(['request', 'apps', 'what happens'], rows)
}

function describe(result: HonestOutcome | undefined): string | undefined {
  if (result === undefined || result.outcome === 'same') return undefined
  const { outcome, straight = [], gateway = [], differences = [] } = result
  const [direct, through] = [straight.join(', '), gateway.join(', ')]
  switch (outcome) {
    case 'differs':
      return `Both work. Through the gateway these differ: ${differences.join('; ')}.`
    case 'mended':
      return `Straight to the app ${direct}, through the gateway ${through}.`
    case 'refused':
      return `The app responds ${direct} in both ways.`
    case 'unsteady':
      return 'The app responds 200 or 401, in both ways, depending on how the bytes arrive.'
    case 'failed':
      return `Straight to the app ${direct}, through the gateway ${through}. This is a fault of the gateway.`
  }
}

export function settingsTable(): string {
  const rows = apps.map((app) => {
    const { straight, gateway, withServeOrigin = '' } = app.registered
    return [
      labelOf(app),
      ...[straight, gateway, withServeOrigin].map(schemeOf),
      settingsOf(app).join('; ') || 'nothing',
    ]
  })
  return table(
    [
      'SDK, adapter',
      'straight to the app',
      'through the gateway',
      "with the SDK's `serveOrigin`",
      'to set',
    ],
    rows,
  )
}

/** All register the same host and path; otherwise it is shown. */
function schemeOf(url: string): string {
  if (url === '') return ''
  const expected = '://sdk-app.example.com/api/inngest'
  return url.endsWith(expected)
    ? `\`${url.slice(0, -expected.length)}\``
    : url === 'nothing'
      ? url
      : `\`${url}\``
}

/** The settings that an operator needs because of these results. */
function settingsOf({ registered, honest }: AppResult): string[] {
  const isRefused = (name: string) => honest[name]?.outcome === 'refused'
  return [
    ...(registered.gateway.startsWith('http://') ? ["the SDK's `serveOrigin`"] : []),
    ...(isRefused('fallback-key') ? ['one signing key only: the SDK knows no fallback key'] : []),
    ...(isRefused('clock-ahead') || isRefused('clock-behind') ? ['clocks in agreement'] : []),
  ]
}

export function honestTable(): string {
  const rows = honestCases.map(({ name, sends, needs }) => {
    const ran = apps.filter(({ honest }) => name in honest).length
    return [`\`${name}\``, sends, needs === undefined ? 'all' : `${String(ran)} that have it`]
  })
  return table(['request', 'what is sent', 'apps'], rows)
}

const kinds: Readonly<Record<string, string>> = {
  head: 'framing, headers, host and path (always checked)',
  use: 'contradicting parameters and headers (always checked)',
}

export function forgedTable(): string {
  const checks = [...new Set(forgedCases.map(({ check }) => check))]
  const rows = checks.map((check) => [
    kinds[check] ?? `\`checks.${check}\``,
    listOf(forgedCases.filter((each) => each.check === check).map(({ name }) => name)),
  ])
  return table(['refused by', 'requests'], rows)
}
