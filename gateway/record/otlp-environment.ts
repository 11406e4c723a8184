/** Whether the OTEL_* variables enable traces, and whether their destination is supported here. */
import { describeFound, type Problem } from '../config/problem.ts'
import type { Environment } from '../config/read/resolve-keys.ts'

/** OpenTelemetry "SDK environment variables": if it is not configured or is disabled, nothing is sent. */
export function isTracingAskedFor(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false
  const exporters = (env['OTEL_TRACES_EXPORTER'] ?? '').split(',').map((name) => name.trim())
  if (exporters.includes('otlp')) return true
  return (
    variable(env, 'ENDPOINT').value !== undefined && exporters.every((exporter) => exporter === '')
  )
}

/**
 * The exporter uses OTLP over HTTP, in JSON. A receiver of OTLP/HTTP accepts both encodings on one port, so
 * `http/protobuf`, the default of the specification, is no mistake. gRPC has another port and protocol, and
 * every span would be lost there.
 */
const PROTOCOLS = ['http/json', 'http/protobuf']

const SEND_NONE = 'or set OTEL_TRACES_EXPORTER=none to send no traces'

/** @returns an empty list if traces are not enabled: the variables may be the app's. */
export function otlpProblems(env: Environment): Problem[] {
  if (!isTracingAskedFor(env)) return []
  const problems: Problem[] = []
  const report = (name: string, value: string, expected: string) => {
    const found = describeFound(value, [])
    problems.push({ file: 'environment', line: undefined, path: name, expected, found })
  }
  const endpoint = variable(env, 'ENDPOINT')
  if (endpoint.value !== undefined && !isHttpUrl(endpoint.value)) {
    report(
      endpoint.name,
      endpoint.value,
      `an http or https URL such as http://localhost:4318, ${SEND_NONE}`,
    )
  }
  const protocol = variable(env, 'PROTOCOL')
  if (protocol.value !== undefined && !PROTOCOLS.includes(protocol.value)) {
    const expected = `${PROTOCOLS.join(' or ')} and the HTTP port of the collector (4318), ${SEND_NONE}`
    report(protocol.name, protocol.value, expected)
  }
  return problems
}

/** The variable for traces takes precedence over the one for all signals. */
function variable(env: Environment, suffix: string): { name: string; value: string | undefined } {
  const names = [`OTEL_EXPORTER_OTLP_TRACES_${suffix}`, `OTEL_EXPORTER_OTLP_${suffix}`]
  const name = names.find((each) => (env[each] ?? '').trim() !== '')
  return { name: name ?? '', value: name === undefined ? undefined : env[name]?.trim() }
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return /^https?:\/\//i.test(text) && url !== null && url.hostname !== '' && !/\s/.test(text)
}
