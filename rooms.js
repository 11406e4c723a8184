/**
 * The rooms of the source and what each may import. The linter enforces this table, and
 * docs/explanation/architecture.md shows it.
 *
 * `main` starts commands, commands start gateways, and a gateway is assembled from the rooms of the
 * middle. Those hand requests to `admit`, which depends on pure code only.
 */

/** Pure code: no input or output, no clock, no process. */
export const pureRooms = ['wire', 'ip', 'redact', 'inngest', 'admit/checks', 'admit', 'diagnosis']

/** @type {Record<string, { holds: string, imports: readonly string[] }>} */
export const rooms = {
  main: {
    holds: 'the entry point: whether this Node can run the rest',
    imports: ['cli'],
  },
  cli: {
    holds: 'the command line: one file for each command',
    imports: [
      'conformance',
      'workers',
      'gateway',
      'rollout',
      'record',
      'recording',
      'ranges',
      'config',
      'diagnosis',
      'admit',
      'admit/checks',
      'inngest',
      'redact',
      'ip',
      'version',
    ],
  },
  conformance: {
    holds: 'the cases that `conformance` sends to a running gateway',
    imports: ['ranges', 'config', 'inngest', 'redact', 'ip', 'version'],
  },
  workers: {
    holds: 'several processes for one configuration',
    imports: [
      'gateway',
      'accept',
      'replay',
      'pairs',
      'record',
      'recording',
      'ops',
      'config',
      'redact',
      'version',
    ],
  },
  gateway: {
    holds: 'a gateway as one thing that starts, reloads and stops',
    imports: [
      'deps',
      'accept',
      'exchange',
      'ext-auth',
      'replay',
      'pairs',
      'record',
      'recording',
      'ops',
      'ranges',
      'config',
    ],
  },
  deps: {
    holds: 'the parts of a gateway: built here, closed here',
    imports: [
      'accept',
      'exchange',
      'forward',
      'replay',
      'pairs',
      'record',
      'recording',
      'ops',
      'ranges',
      'config',
      'threads',
      'diagnosis',
      'version',
    ],
  },
  accept: {
    holds: 'from socket to request: listeners, connections, TLS, the PROXY protocol header',
    imports: ['wire', 'config', 'admit', 'ip'],
  },
  exchange: {
    holds: "one request's life: serve it, read its body, respond",
    imports: [
      'accept',
      'forward',
      'replay',
      'record',
      'recording',
      'config',
      'threads',
      'diagnosis',
      'admit',
      'admit/checks',
      'inngest',
      'redact',
    ],
  },
  recording: {
    holds: 'redacted copies of verified requests, while an operator records them',
    imports: ['admit', 'inngest', 'ip'],
  },
  forward: {
    holds: 'the request to the app, and its response back',
    imports: ['accept', 'wire', 'admit', 'ip'],
  },
  wire: {
    holds: 'reading and writing HTTP/1.1 messages: bytes in, events out',
    imports: [],
  },
  'ext-auth': {
    holds: 'the listener for external authorization (Envoy, Traefik)',
    imports: ['accept', 'exchange', 'forward', 'config', 'admit'],
  },
  replay: {
    holds: 'the stores of claims: memory, Redis, and the one that workers share',
    imports: ['pairs', 'config', 'admit', 'redact', 'ip'],
  },
  pairs: {
    holds: 'which `fnId` belongs to which signed function id: learned, shared',
    imports: ['replay', 'admit', 'admit/checks'],
  },
  record: {
    holds: 'the log line, the metrics and the span of each request',
    imports: [
      'recording',
      'replay',
      'ranges',
      'config',
      'diagnosis',
      'admit',
      'admit/checks',
      'inngest',
      'redact',
      'ip',
    ],
  },
  ops: {
    holds: 'the ops listener: health, metrics, status page',
    imports: [
      'accept',
      'exchange',
      'record',
      'recording',
      'rollout',
      'ranges',
      'config',
      'admit',
      'ip',
      'version',
    ],
  },
  rollout: {
    holds: 'what checks in report mode have seen, and whether they can be enforced',
    imports: ['admit'],
  },
  ranges: {
    holds: "Inngest's published address ranges: bundled, fetched, refreshed",
    imports: ['record', 'config', 'redact', 'ip', 'version'],
  },
  config: {
    holds: 'the YAML file: schema, reading, compiling to a policy, reloading',
    imports: ['record', 'ops', 'ranges', 'admit', 'admit/checks', 'inngest', 'redact', 'ip'],
  },
  threads: {
    holds: 'threads that bring long JSON into canonical form',
    imports: ['admit', 'inngest'],
  },
  diagnosis: {
    holds: 'why a signature did not match',
    imports: ['admit', 'inngest'],
  },
  admit: {
    holds: 'the order of the checks, what they decide on, and every reason to refuse',
    imports: ['admit/checks', 'inngest', 'ip'],
  },
  'admit/checks': {
    holds: 'the checks, one a file',
    imports: ['admit', 'inngest', 'ip'],
  },
  inngest: {
    holds: "what is Inngest's own: signatures, keys, canonical JSON, claim keys",
    imports: ['redact', 'ip'],
  },
  redact: { holds: 'what keeps secrets out of text', imports: [] },
  ip: { holds: 'addresses, ranges, authorities, the PROXY protocol header', imports: [] },
  version: { holds: 'the version of this release', imports: [] },
}
