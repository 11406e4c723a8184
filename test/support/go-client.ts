/** Go's HTTP client as a program of the tests, built once for each test file. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'

/** The output of main.go for each request. */
export interface GoOutcome {
  readonly status: number
  /** The announced length of the response; -1 if there is none. */
  readonly length: number
  readonly received: number
  readonly error: string
  /** Bytes of the request body that the client has read to send. */
  readonly sent: number
  /** Whether the client received a 100. */
  readonly continue: boolean
}

export interface GoClient {
  /** @param args the flags of main.go. */
  run(args: readonly string[]): Promise<readonly GoOutcome[]>
  remove(): void
}

export function buildGoClient(): GoClient {
  const folder = mkdtempSync(path.join(tmpdir(), 'go-client-'))
  const program = path.join(folder, 'go-client')
  const { status, stderr } = spawnSync('go', ['build', '-o', program, 'main.go'], {
    cwd: path.join(import.meta.dirname, 'go-client'),
    encoding: 'utf8',
    // It needs neither a C compiler nor another release of Go, which would be downloaded.
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' },
  })
  if (status !== 0) throw new Error(`go build: ${stderr}`)
  return {
    run: async (args) => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const printed = await text(child.stdout)
      const lines = printed.trimEnd().split('\n')
      return lines.map((line) => JSON.parse(line) as GoOutcome)
    },
    remove: () => {
      rmSync(folder, { recursive: true })
    },
  }
}
