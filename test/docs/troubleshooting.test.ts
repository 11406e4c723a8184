/** docs/how-to/troubleshoot-refused-request.md: a real line, commands with their output, and reasons that there are. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { faults } from '../../gateway/admit/faults.ts'
import { reasons } from '../../gateway/admit/reasons.ts'
import { mismatches } from '../../gateway/diagnosis/mismatch.ts'
import { replays } from '../../gateway/diagnosis/replayed-call.ts'
import { patient, processKey, startGatewayProcess } from '../support/gateway-process.ts'
import { send } from '../support/sender.ts'
import { stepsOf, Walkthrough } from '../support/walkthrough.ts'

const file = 'docs/how-to/troubleshoot-refused-request.md'
const page = readFileSync(file, 'utf8')
const steps = stepsOf(file)
const walkthrough = new Walkthrough({ INNGEST_SIGNING_KEY: processKey })
afterAll(() => walkthrough.stop())

function fileOf(name: string): string {
  return steps.find((step) => step.name === name)?.text ?? ''
}

const line = JSON.parse(fileOf('line.json')) as Record<string, unknown>

describe('the page about refused requests', () => {
  it.each(steps)('does what it says in line $line: $kind $name', (step) => {
    if (step.kind === 'file') walkthrough.write(step)
    else if (step.kind === 'output') expect(walkthrough.missing(step)).toEqual([])
    else
      expect(walkthrough.run(step)).toBe(
        walkthrough.printed.includes('decision    admitted') ? 0 : 1,
      )
  })

  it('begins with a line as the gateway writes it', async () => {
    const { routes } = parse(fileOf('gateway.yaml')) as { routes: object[] }
    const gateway = await startGatewayProcess('http://127.0.0.1:9', {
      allowlist: ['inngest'],
      inngestRanges: { urls: [] },
      routes,
    })
    const response = await send({
      port: gateway.port,
      target: '/api/inngest?fnId=shop-hello&stepId=step',
      headers: { host: 'billing.example.com', 'x-run-id': String(line['run_id']) },
      body: '{}',
    })
    const [, shown = ''] = /^```text\n(\{.+\})$/m.exec(page) ?? []
    const { requestId, ...rest } = JSON.parse(shown) as Record<string, unknown>
    expect(JSON.parse(response.body)).toEqual({ ...rest, requestId: expect.any(String) as unknown })
    expect(requestId).toBe(line['request_id'])
    const find = () => gateway.log.find(({ msg }) => msg === 'request')
    await expect.poll(find, patient).toBeDefined()
    const real = find() ?? {}
    expect(Object.keys(line)).toEqual(Object.keys(real))
    const changing = ['time', 'request_id', 'duration_ms', 'client_ip', 'remote_ip']
    for (const [field, value] of Object.entries(real)) {
      if (changing.includes(field)) expect(typeof line[field]).toBe(typeof value)
      else expect([field, line[field]]).toEqual([field, value])
    }
  })

  const causes = page.slice(
    page.indexOf('## Causes and remedies'),
    page.indexOf('## If the signature'),
  )
  const cells = causes.split('\n').flatMap((row) => {
    const [, cell = ''] = row.split('|')
    return [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name)
  })

  it('names only reasons and diagnoses that there are', () => {
    const known = [reasons, faults, mismatches, replays].flatMap((table) => Object.keys(table))
    const others = ['reason', 'client_ip']
    expect(cells.length).toBeGreaterThan(20)
    expect(cells.filter((name) => !known.includes(name) && !others.includes(name))).toEqual([])
  })
})
