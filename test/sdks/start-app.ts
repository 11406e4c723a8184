/** One app as its own process, in production mode, with what the harness decides in its environment. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

import { accepts } from '../support/accepts.ts'
import { freePort } from '../support/free-port.ts'
import { installed, type App } from './find-apps.ts'
import { keys } from './keys.ts'

export interface RunningApp {
  readonly port: number
  stop(): Promise<void>
}

/** @param inngestUrl where it registers, and sends events and checkpoints. */
export async function startApp(
  app: App,
  inngestUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  const port = await freePort()
  const [command, ...args] = app.start.map((word) => word.replaceAll('{installed}', installed))
  const child = spawn(command ?? '', args, {
    cwd: app.folder,
    // So that what it starts itself ends with it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'production',
      PORT: String(port),
      INNGEST_SIGNING_KEY: keys.current,
      INNGEST_SIGNING_KEY_FALLBACK: keys.fallback,
      INNGEST_EVENT_KEY: 'an-event-key',
      INNGEST_BASE_URL: inngestUrl,
      ...more,
    },
  })
  const exited = once(child, 'exit')
  exited.catch(() => undefined)
  let printed = ''
  child.stderr.on('data', (text: Buffer) => (printed = `${printed}${String(text)}`.slice(-4000)))
  const stop = async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, 'SIGTERM')
    const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 5000)
    await exited
    clearTimeout(late)
  }
  const deadline = Date.now() + app.readySeconds * 1000
  while (!(await accepts(port))) {
    if (child.pid === undefined || child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(
        `${app.name} did not start; run \`bash test/sdks/install\` first. It printed:\n${printed}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { port, stop }
}
