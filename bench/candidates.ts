/** What is compared: how each is started, and what it can be asked for. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

import type { z } from 'zod'

import type { configSchema } from '../gateway/config/schema/config.ts'
import { builtMain } from './built.ts'
import type { Cell } from './cells.ts'
import { haproxyConfig } from './peers/haproxy-config.ts'
import { nginxConfig, type PeerPorts } from './peers/nginx-config.ts'
import type { Command } from './processes.ts'
import { imageFlagsOf } from './image-flags.ts'
import { ranges } from './ranges.ts'
import { benchKey } from './signed-load.ts'

export interface StartContext extends PeerPorts {
  readonly opsPort: number
  readonly cell: Cell
  /** Private to this run. */
  readonly folder: string
  /** Built from peers/go-gateway. */
  readonly goGateway: string
}

export interface Candidate {
  readonly name: string
  readonly label: string
  readonly checks: 'none' | 'MAC' | 'all'
  /** Refuses a request that it has seen before. */
  readonly isReplayProof: boolean
  /** Undefined for the way without a proxy. */
  readonly start: ((context: StartContext) => Command) | undefined
  /** By V8: it is slow before it is fast. */
  readonly isCompiledAsItRuns?: boolean
  /** Programs that must be there. */
  readonly programs: readonly string[]
  /** Verifies the raw bytes only: what is not canonical it must refuse. */
  readonly isRawOnly?: boolean
  /** Beyond this it answers too seldom to be measured. */
  readonly maxBodyBytes?: number
  /** Left out unless it is named by `--with`. */
  readonly isOptional?: boolean
}

const here = import.meta.dirname
export const ROOT = path.join(here, '..')

/** What a checkout starts in development, in every version. */
export const SOURCE = 'gateway/main.ts'

/** Commit 13850df: install-peers checks it out and installs what it depends on. */
export const BEFORE_WIRE = path.join(here, '.before-wire')

export const candidates: readonly Candidate[] = [
  {
    name: 'direct',
    label: 'no proxy: the load generator and the upstream',
    checks: 'none',
    isReplayProof: false,
    start: undefined,
    programs: ['go', 'wrk'],
  },
  {
    name: 'gateway',
    label: 'inngest-gateway from dist/, with metrics and access log',
    checks: 'all',
    isReplayProof: true,
    start: gateway,
    isCompiledAsItRuns: true,
    programs: [],
  },
  {
    name: 'source',
    label: 'the same, as it runs in development',
    checks: 'all',
    isReplayProof: true,
    start: gatewaySource,
    isCompiledAsItRuns: true,
    isOptional: true,
    programs: [],
  },
  {
    name: 'before-wire',
    label: 'the gateway of 13850df, on node:http and undici',
    checks: 'all',
    isReplayProof: true,
    // This commit states units in the names of its settings.
    start: (context) => gatewayIn(BEFORE_WIRE, SOURCE, context, [], { shutdown: { delayMs: 0 } }),
    isCompiledAsItRuns: true,
    programs: ['bench/.before-wire/node_modules/undici'],
  },
  {
    name: 'libraries',
    label: 'node:http, undici, pino, prom-client and one HMAC pass',
    checks: 'MAC',
    isReplayProof: false,
    start: onNode('libraries.js', imageFlagsOf(ROOT)),
    isCompiledAsItRuns: true,
    programs: ['bench/node_modules/undici'],
    isRawOnly: true,
  },
  {
    name: 'bare',
    label: 'node:http + http.request, keep-alive agent',
    checks: 'none',
    isReplayProof: false,
    start: onNode('bare-proxy.ts'),
    isCompiledAsItRuns: true,
    programs: [],
  },
  {
    name: 'http-proxy',
    label: 'http-proxy 1.18',
    checks: 'none',
    isReplayProof: false,
    start: onNode('http-proxy.js'),
    isCompiledAsItRuns: true,
    programs: ['bench/node_modules/http-proxy'],
  },
  {
    name: 'nginx-njs',
    label: 'nginx + njs, MAC over the raw body',
    checks: 'MAC',
    isReplayProof: false,
    start: nginx,
    programs: ['nginx', '/usr/lib/nginx/modules/ngx_http_js_module.so'],
    isRawOnly: true,
  },
  {
    name: 'haproxy-mac',
    label: 'HAProxy, MAC over the raw body',
    checks: 'MAC',
    isReplayProof: false,
    start: haproxy,
    programs: ['haproxy'],
    isRawOnly: true,
  },
  {
    name: 'go-raw',
    label: 'Go, MAC over the raw body',
    checks: 'all',
    isReplayProof: true,
    start: goGateway('raw'),
    programs: ['go'],
    isRawOnly: true,
  },
  {
    name: 'go-jcs',
    label: 'Go, canonicalises, then MAC',
    checks: 'all',
    isReplayProof: true,
    start: goGateway('jcs'),
    programs: ['go'],
  },
  {
    name: 'naive',
    label: 'http-proxy + ip-cidr + node-cache + canonicalize',
    checks: 'all',
    isReplayProof: true,
    start: onNode('naive-stack.js'),
    isCompiledAsItRuns: true,
    programs: ['bench/node_modules/canonicalize'],
    maxBodyBytes: 1_048_576,
  },
]

/** Whether a cell is a fair question to a candidate. */
export function canAnswer({ isRawOnly, maxBodyBytes }: Candidate, cell: Cell): boolean {
  return !(isRawOnly && cell.form === 'spaced') && cell.bodyBytes <= (maxBodyBytes ?? Infinity)
}

/**
 * The build, as the package, the image and the unit start it.
 * @param flags for Node. @param settings laid over the usual ones.
 */
export function gateway(
  context: StartContext,
  flags: readonly string[] = [],
  settings: Partial<z.input<typeof configSchema>> = {},
): Command {
  return gatewayIn(ROOT, builtMain(), context, flags, { shutdown: { delay: '0s' }, ...settings })
}

/** The source, whose files and lines a profile names. @param flags for Node. */
export function gatewaySource(context: StartContext, flags: readonly string[] = []): Command {
  return gatewayIn(ROOT, SOURCE, context, flags, { shutdown: { delay: '0s' } })
}

/**
 * @param checkout folder with one version of the gateway, of whose image the flags are.
 * @param main what Node starts, as seen from there.
 * @param settings whose names differ between versions, or that replace the usual ones.
 */
export function gatewayIn(
  checkout: string,
  main: string,
  { port, upstreamPort, opsPort, folder }: StartContext,
  flags: readonly string[],
  settings: object,
): Command {
  const config = {
    listen: { host: '127.0.0.1', port },
    ops: { host: '127.0.0.1', port: opsPort },
    allowlist: ranges,
    routes: [
      {
        name: 'app',
        path: '/api/inngest',
        upstream: `http://127.0.0.1:${String(upstreamPort)}`,
        signingKeys: [{ env: 'BENCH_KEY' }],
      },
    ],
    ...settings,
  }
  const file = path.join(folder, `gateway-${String(port)}.yaml`)
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config))
  const options = [...imageFlagsOf(checkout), ...flags]
  const run = [path.resolve(checkout, main), 'run', '--config', file]
  return { argv: [process.execPath, ...options, ...run], env: { BENCH_KEY: benchKey } }
}

function peerEnvironment({ port, upstreamPort }: PeerPorts): Record<string, string> {
  return {
    BENCH_PORT: String(port),
    BENCH_UPSTREAM_PORT: String(upstreamPort),
    BENCH_KEY: benchKey,
    BENCH_RANGES: JSON.stringify(ranges),
  }
}

function onNode(file: string, flags: readonly string[] = []): (context: StartContext) => Command {
  const argv = [process.execPath, ...flags, path.join(here, 'peers', file)]
  return (context) => ({ argv, env: peerEnvironment(context) })
}

function goGateway(mode: 'raw' | 'jcs'): (context: StartContext) => Command {
  return (context) => ({
    argv: [context.goGateway],
    env: { ...peerEnvironment(context), BENCH_MODE: mode },
  })
}

function nginx(context: StartContext): Command {
  const file = path.join(context.folder, 'nginx.conf')
  writeFileSync(file, nginxConfig(context, context.folder))
  return {
    argv: ['nginx', '-p', context.folder, '-e', 'stderr', '-c', file],
    env: peerEnvironment(context),
  }
}

function haproxy(context: StartContext): Command {
  const file = path.join(context.folder, 'haproxy.cfg')
  writeFileSync(file, haproxyConfig(context, benchKey, context.cell.bodyBytes))
  return { argv: ['haproxy', '-db', '-f', file] }
}
