/** A real proxy in front of a gateway, on loopback, stopped after the test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { freePort } from './free-port.ts'

export interface FrontProxy {
  readonly port: number
  stop(): Promise<void>
}

interface ProxyProgram {
  readonly command: string
  /** @param file the written configuration. */
  readonly args: (file: string, folder: string) => string[]
  readonly fileName: string
  readonly config: (port: number, folder: string) => string
}

const START_TIMEOUT_MS = 20_000

/** These programs cannot choose a free port themselves, so a port is tried that was free a moment ago. */
export async function startFrontProxy(program: ProxyProgram): Promise<FrontProxy> {
  const folder = mkdtempSync(path.join(tmpdir(), 'front-proxy-'))
  const port = await freePort()
  const file = path.join(folder, program.fileName)
  writeFileSync(file, program.config(port, folder))
  const child = spawn(program.command, program.args(file, folder), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
    },
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  try {
    await untilListening(port, child)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${program.command} did not start: ${said}`, { cause: error })
  }
  return {
    port,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit')
        child.kill('SIGTERM')
        await exit
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`exit code ${String(child.exitCode)}`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => {
        resolve(true)
      })
      socket.once('error', () => {
        resolve(false)
      })
    })
    socket.destroy()
    if (isOpen) return
    if (performance.now() > deadlineMs) throw new Error('not listening in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const nginx = (config: (port: number, folder: string) => string): ProxyProgram => ({
  command: 'nginx',
  fileName: 'nginx.conf',
  args: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'],
  config: (port, folder) => `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes 1;
    pid ${folder}/nginx.pid;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      ${config(port, folder)}
    }`,
})

export const haproxy = (backend: string): ProxyProgram => ({
  command: 'haproxy',
  fileName: 'haproxy.cfg',
  args: (file) => ['-f', file, '-db'],
  config: (port) => `
defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${String(port)}
  default_backend gateway
${backend}
`,
})

export const caddy = (backend: string): ProxyProgram => ({
  command: 'caddy',
  fileName: 'Caddyfile',
  args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  config: (port) => `{
  admin off
  auto_https off
}
http://:${String(port)} {
  bind 127.0.0.1
  ${backend}
}
`,
})

/**
 * @param dynamic the configuration of Traefik's providers.
 * @param entryPoint the options of the only entry point.
 */
export const traefik = (dynamic: object, entryPoint: object = {}): ProxyProgram => ({
  command: 'traefik',
  fileName: 'traefik.yaml',
  args: (file) => [`--configFile=${file}`],
  config: (port, folder) => {
    const filename = path.join(folder, 'dynamic.yaml')
    writeFileSync(filename, JSON.stringify(dynamic))
    return JSON.stringify({
      entryPoints: { websecure: { ...entryPoint, address: `127.0.0.1:${String(port)}` } },
      providers: { file: { filename } },
    })
  },
})

export const envoy = (config: (port: number) => object): ProxyProgram => ({
  command: 'envoy',
  fileName: 'envoy.json',
  args: (file) => ['--config-path', file, '--concurrency', '1', '--log-level', 'error'],
  config: (port) => JSON.stringify(config(port)),
})
