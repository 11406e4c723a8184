/** `record` as an operator runs it, against a gateway of one process and of two workers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, describe, expect, it } from 'vitest'

import type { RecordedRequest } from '../../gateway/recording/copy.ts'
import { publishedTestKey } from '../../gateway/recording/test-key.ts'
import { startNamedApp } from '../support/apps.ts'
import {
  patient,
  postCall,
  signCall,
  startGatewayProcess,
  startWorkers,
  workersIn,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { decisionsOf, recordingOps, replay } from '../support/recording.ts'
import { statusToken } from '../support/test-gateway.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function outputFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'record-'))
  folders.push(folder)
  return path.join(folder, 'recording.jsonl')
}

const env = { STATUS_TOKEN: statusToken, STATUS_PAGE_TOKEN: statusToken }

async function record(output: string, { opsPort }: { opsPort: number }, more: readonly string[]) {
  const url = `http://127.0.0.1:${String(opsPort)}`
  const args = ['gateway/main.ts', 'record', '--output', output, '--url', url, ...more]
  const child = spawn(process.execPath, args, { env })
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number]
  return { code, stdout, stderr }
}

/** Calls until the command has ended. */
async function callDuring<T>(gateway: GatewayProcess, command: Promise<T>): Promise<T> {
  for (;;) {
    expect((await postCall(gateway.port, signCall())).status).toBe(200)
    const ended = await Promise.race([command.then((result) => ({ result })), delay(20, undefined)])
    if (ended !== undefined) return ended.result
  }
}

function linesOf(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

describe('record', () => {
  it('writes a file for its owner, with a header and copies that can be replayed', async () => {
    const app = await startNamedApp('app')
    const gateway = await startGatewayProcess(app.url, { ops: recordingOps }, env)
    const file = outputFile()
    const command = record(file, gateway, ['--requests', '20'])
    expect(await callDuring(gateway, command)).toEqual({
      code: 0,
      stdout: `${file}: 20 requests\n`,
      stderr: '',
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const [header, ...requests] = linesOf(file)
    expect(header).toMatchObject({
      recording: 'inngest-gateway',
      format: 1,
      requests: 20,
      leftOut: { bodyTooLarge: 0, notRedactable: 0 },
      signingKey: publishedTestKey,
    })
    const copies = requests as RecordedRequest[]
    expect(copies).toHaveLength(20)
    expect(await replay(copies)).toEqual(decisionsOf(copies))
    const again = await record(file, gateway, [])
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain('exists; give --force to replace it')
    expect(linesOf(file)).toHaveLength(21)
    const forced = await record(file, gateway, ['--force', '--timeout', '1s'])
    expect(forced).toMatchObject({ code: 2, stderr: 'no verified request came in time\n' })
  })

  it('collects the copies of two workers', async () => {
    const app = await startNamedApp('app')
    const gateway = await startWorkers(app.url, { ops: recordingOps }, env)
    await expect
      .poll(async () => {
        await postCall(gateway.port, signCall())
        return workersIn(gateway).size
      }, patient)
      .toBe(2)
    const before = gateway.log.length
    const file = outputFile()
    const { code } = await callDuring(gateway, record(file, gateway, ['--requests', '60']))
    expect(code).toBe(0)
    expect(linesOf(file)).toHaveLength(61)
    const served = gateway.log.slice(before).map(({ worker }) => worker)
    expect(new Set(served.filter((worker) => worker !== undefined))).toEqual(new Set([1, 2]))
    const ids = (linesOf(file).slice(1) as RecordedRequest[]).map(({ body }) => body)
    expect(new Set(ids).size).toBe(60)
    expect(gateway.log.map(({ msg }) => msg)).toContain('recording ended')
  })

  it.each([
    [['--requests', '501'], '--requests: expected a number from 1 to 500, found "501"'],
    [['--timeout', '2h'], '--timeout: expected'],
    [['--url', 'localhost'], '--url: expected one such as http://127.0.0.1:9090'],
    [['--url', 'http://127.0.0.1:1'], 'cannot reach http://127.0.0.1:1'],
    [['--token-env', 'NONE'], '--token-env: set the variable NONE to the token'],
  ])('says what is wrong with %j, and leaves no file', async (args, message) => {
    const file = outputFile()
    const { code, stderr } = await record(file, { opsPort: 1 }, args)
    expect([code, stderr.slice(0, message.length)]).toEqual([2, message])
    expect(() => statSync(file)).toThrow('ENOENT')
  })
})
