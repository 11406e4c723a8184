/** The generated files, and their sources. */
import { format, resolveConfig } from 'prettier'

import { describeExpectation, groups } from '../../conformance/case.ts'
import { bypassCase, bypassExpectation, requestCases } from '../../conformance/cases.ts'
import {
  filesAwaitingRestart,
  restartOnly,
  restartOnlyOfRoutes,
} from '../../gateway/config/restart-only.ts'
import { meaningOf } from '../../gateway/diagnosis/diagnose.ts'
import { mismatches } from '../../gateway/diagnosis/mismatch.ts'
import { replays } from '../../gateway/diagnosis/replayed-call.ts'
import { spellings } from '../../gateway/diagnosis/spelling.ts'
import { ClockDrift } from '../../gateway/record/clock-drift.ts'
import { KeyUsage } from '../../gateway/record/key-usage.ts'
import { logFieldMeanings } from '../../gateway/record/log-field-meanings.ts'
import { listProblems } from '../../gateway/ranges/range-list.ts'
import { createMetrics } from '../../gateway/record/metrics.ts'
import { listFaults } from '../../gateway/ranges/list-fault.ts'
import { MemoryReplayStore } from '../../gateway/replay/memory/store.ts'
import { createPrimaryMetrics } from '../../gateway/workers/primary.ts'
import { rooms } from '../../rooms.js'
import { alertRunbooks } from './alert-runbooks.ts'
import { adapterSchemes, nodeEnvironments } from './adapter-schemes.ts'
import { chartFolder, chartSchema, chartValues } from './chart-values.ts'
import { commandSections } from './command-sections.ts'
import { listOf, table } from './markdown.ts'
import { faultSections, reasonSections } from './reason-sections.ts'
import {
  exceptionsTable,
  forgedTable,
  honestTable,
  runTable,
  settingsTable,
} from './sdk-compatibility.ts'
import { keysOf, settingsSchema } from './setting-keys.ts'
import { testFileOf, threatGroups } from './threats.ts'

/** File name to a function from its old text to its new. */
export const generatedFiles: Readonly<Record<string, (before: string) => string>> = {
  'docs/reference/configuration.md': (before) => replaceBlock(before, 'config', configTable()),
  'docs/reference/reasons.md': (before) =>
    [
      ['reasons', reasonSections()],
      ['faults', faultSections()],
      ['diagnoses', diagnosesTable()],
    ].reduce((text, [name = '', table = '']) => replaceBlock(text, name, table), before),
  'docs/reference/alerts.md': (before) => replaceBlock(before, 'alerts', alertRunbooks()),
  'docs/reference/command-line.md': (before) => replaceBlock(before, 'commands', commandSections()),
  'docs/explanation/architecture.md': (before) => replaceBlock(before, 'rooms', roomsTable()),
  'docs/reference/log-fields.md': (before) => replaceBlock(before, 'log-fields', logFieldsTable()),
  'docs/reference/metrics.md': (before) => replaceBlock(before, 'metrics', metricsTable()),
  'docs/how-to/reload.md': (before) =>
    replaceBlock(
      replaceBlock(
        before,
        'restart',
        listOf([...restartOnly, ...restartOnlyOfRoutes.map((key) => `routes[].${key}`)]),
      ),
      'restart-files',
      listOf(filesAwaitingRestart),
    ),
  'docs/explanation/inngest-addresses.md': (before) =>
    replaceBlock(
      before,
      'results',
      `\`result\` of \`inngest_gateway_inngest_ranges_refreshes_total\`: ${listOf(['success', ...Object.keys(listProblems), ...Object.keys(listFaults)])}.`,
    ),
  'docs/reference/sdk-compatibility.md': (before) =>
    [
      ['run', runTable()],
      ['exceptions', exceptionsTable()],
      ['settings', settingsTable()],
      ['honest', honestTable()],
      ['forged', forgedTable()],
    ].reduce((text, [name = '', table = '']) => replaceBlock(text, name, table), before),
  'docs/how-to/sync.md': (before) => replaceBlock(before, 'adapters', adaptersTable()),
  'docs/explanation/threat-model.md': (before) => replaceBlock(before, 'threats', threatsTables()),
  'docs/how-to/conformance.md': (before) =>
    replaceBlock(
      replaceBlock(before, 'groups', `Groups: ${listOf(Object.keys(groups))}.`),
      'cases',
      casesTable(),
    ),
  'config/gateway.schema.json': () => JSON.stringify(settingsSchema(), undefined, 2),
  [`${chartFolder}/values.schema.json`]: chartSchema,
  [`${chartFolder}/README.md`]: (before) => replaceBlock(before, 'values', valuesTable()),
}

/** Formatted in the project's style. */
export async function styled(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file })
}

function replaceBlock(text: string, name: string, table: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`there is no block ${name}`)
  return `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`
}

function diagnosesTable(): string {
  const ofBodies = [...Object.entries(mismatches), ...Object.entries(replays)]
  const ofHeaders = Object.entries(spellings).map(
    ([kind, { meaning }]) => [`header_${kind}`, meaning] as const,
  )
  const rows = [...ofBodies, ...ofHeaders, ['healed', meaningOf('healed')] as const]
  return table(
    ['diagnosis', 'meaning'],
    rows.map(([kind, meaning]) => [`\`${kind}\``, meaning]),
  )
}

function casesTable(): string {
  const rows = requestCases.map(({ name, sends, expects, failure }) => [
    `\`${name}\``,
    sends,
    describeExpectation(expects),
    failure,
  ])
  const { name, sends, failure } = bypassCase
  return table(
    ['case', 'what is sent', 'what has to come back', 'what a failure means'],
    [...rows, [`\`${name}\``, sends, bypassExpectation, failure]],
  )
}

function adaptersTable(): string {
  const rows = Object.entries(adapterSchemes).map(([name, { registers, option, setting }]) => [
    name.replace(/^[a-z0-9]+/, '`inngest/$&`'),
    ...nodeEnvironments.map((each) => `\`${registers[each]}\``),
    `\`${option ?? 'serve({ …, serveOrigin })'}\``,
    setting === undefined ? 'none' : `\`${setting}\``,
  ])
  const head = nodeEnvironments.map((each) => `\`NODE_ENV\` ${each}`)
  return table(['adapter', ...head, 'option of the SDK', 'setting of the framework'], rows)
}

function roomsTable(): string {
  const rows = Object.entries(rooms).map(([name, { holds, imports }]) => [
    `\`${name}\``,
    holds,
    imports.map((each) => `\`${each}\``).join(', ') || 'nothing',
  ])
  return table(['room', 'holds', 'imports'], rows)
}

function logFieldsTable(): string {
  const rows = Object.entries(logFieldMeanings).map(([field, meaning]) => [`\`${field}\``, meaning])
  return table(['field', 'meaning'], rows)
}

function metricsTable(): string {
  const { registry } = createMetrics('0', {
    replay: new MemoryReplayStore({ maxEntries: 1, remembersFromSeconds: 0 }),
    requestsInFlight: () => 0,
    connections: () => 0,
    bufferedBytes: () => 0,
    gates: () => [],
    settings: () => {
      throw new Error('the names of metrics do not depend on settings')
    },
    ranges: () => undefined,
    keyUsage: new KeyUsage(),
    clockDrift: new ClockDrift(() => ({ maxAgeSeconds: 1, clockToleranceSeconds: 1 })),
    unlisted: { reported: [] },
    monotonicMs: () => 0,
    flushRecords: () => undefined,
  })
  const ofWorkers = createPrimaryMetrics(undefined, { reported: undefined }, () => 0).registry
  const own = [registry, ofWorkers]
    .flatMap((each) => each.getMetricsAsArray())
    .filter(({ name }) => name.startsWith('inngest_gateway_'))
  const rows = own.map((metric) => {
    const {
      name,
      help,
      labelNames = [],
    } = metric as unknown as { name: string; help: string; labelNames?: string[] }
    return [`\`${name}\``, labelNames.map((label) => `\`${label}\``).join(', '), help]
  })
  return table(['metric', 'labels', 'meaning'], rows)
}

function threatsTables(): string {
  return threatGroups
    .map(({ name, threats }) => {
      const rows = threats.map(({ threat, behaviour, pinnedBy }) => {
        const files = new Set(pinnedBy.map(([file]) => `\`${testFileOf(file)}\``))
        return [threat, behaviour, [...files].join(', ')]
      })
      return `### ${name}\n\n${table(['threat', 'what the gateway does', 'test'], rows)}`
    })
    .join('\n\n')
}

function configTable(): string {
  const rows = keysOf(settingsSchema()).flatMap(({ path, description }) =>
    description === undefined ? [] : [[`\`${path}\``, description]],
  )
  return table(['key', 'meaning'], rows)
}

function valuesTable(): string {
  const rows = chartValues().map(({ path, fallback, description }) => [
    `\`${path}\``,
    `\`${fallback}\``,
    description,
  ])
  return table(['value', 'default', 'meaning'], rows)
}
