/**
 * An attacker reads a recording that an operator attached to a report, or starts one. A recording holds nothing
 * secret, and only the holder of the token of the status page can start it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Status } from '../../gateway/ops/status/status.ts'
import { freshBody, startTarget, type Target } from '../support/attack.ts'
import { leaksIn, objectOf, planted, secretToken, type Planted } from '../support/planted.ts'
import {
  decisionsOf,
  postRecording,
  recordingOps,
  replay,
  startRecording,
  takeRecorded,
} from '../support/recording.ts'
import { send, signatureHeader } from '../support/sender.ts'
import { statusToken, testKey } from '../support/test-gateway.ts'

interface SecretCall {
  readonly body: Planted
  readonly ids: readonly string[]
  readonly values: readonly string[]
}

/** Everything in it that is not of the protocol is a secret. */
const secretCall: fc.Arbitrary<SecretCall> = fc
  .record({
    ids: fc.array(secretToken, { minLength: 6, maxLength: 6 }),
    values: fc.array(secretToken, { minLength: 9, maxLength: 9 }),
    data: planted,
    step: planted,
  })
  .map(({ ids, values, data, step }) => {
    const [run = '', request = '', job = '', fn = '', stepName = ''] = ids
    const text = (secret: string): Planted => ({ json: `"${secret}"`, secrets: [secret] })
    const number = (json: string): Planted => ({ json, secrets: [] })
    const ctx = objectOf(
      [
        ['fn_id', text(fn)],
        ['generation_id', number('3')],
        ['job_id', text(job)],
        ['request_id', text(request)],
        ['run_id', text(run)],
        ['step_id', number('"step"')],
      ],
      true,
    )
    const steps = objectOf([[stepName, objectOf([['data', step]], true)]], true)
    const body = objectOf(
      [
        ['ctx', ctx],
        ['event', objectOf([['data', data]], true)],
        ['steps', steps],
        ['use_api', number('false')],
        ['version', number('1')],
      ],
      true,
    )
    return { ids, values, body }
  })

async function sendSecret({ gateway }: Target, { body, ids, values }: SecretCall): Promise<void> {
  // As many as the arbitrary makes.
  const [run, request, job, , , fnId] = ids as [string, string, string, string, string, string]
  const [value, cookie, agent, type, name, query, host, account, kind] = values as [
    ...[string, string, string],
    ...[string, string, string],
    ...[string, string, string],
  ]
  const headers = {
    host: `${host}.${account}.example:8080`,
    'x-inngest-signature': signatureHeader(
      testKey,
      body.json,
      Math.floor(gateway.clock.wallMs / 1000),
    ),
    'x-run-id': run,
    'x-request-id': request,
    'x-inngest-job-id': job,
    'x-inngest-generation-id': '3',
    'x-inngest-req-version': '1',
    'x-inngest-server-kind': kind,
    'x-inngest-sdk': value,
    'account-id': account,
    authorization: `Bearer ${cookie}`,
    cookie: `${cookie}=${cookie}`,
    'user-agent': agent,
    'content-type': `application/${type}`,
  }
  const target = `/api/inngest?${name}=${query}&fnId=${fnId}&stepId=step`
  const { status } = await send({ port: gateway.port, target, headers, body: body.json })
  expect(status).toBe(200)
}

async function sendHonest(target: Target, body: string): Promise<void> {
  const headers = { 'x-inngest-signature': target.sign(body), 'x-run-id': 'run' }
  expect((await send({ port: target.gateway.port, body, headers })).status).toBe(200)
}

describe('a recording', () => {
  it('has no four characters of any secret of its requests, and no key or token', async () => {
    const target = await startTarget({ ops: recordingOps })
    const calls = fc.sample(secretCall, { numRuns: 150, seed: 20_261_129 })
    const id = await startRecording(target.gateway, 150)
    for (const call of calls) await sendSecret(target, call)
    const { requests, leftOut } = await takeRecorded(target.gateway, id)
    expect(leftOut.bodyTooLarge).toBe(0)
    expect(requests.length).toBeGreaterThan(140)
    const text = JSON.stringify(requests)
    const secrets = calls.flatMap(({ body, ids, values }) => [...body.secrets, ...ids, ...values])
    expect(
      leaksIn(
        text,
        secrets.filter((secret) => /[A-Z]/.test(secret)),
      ),
    ).toEqual([])
    // Times, signatures and ids have digits by chance. What follows `ctx` has none of these.
    for (const { body } of requests) {
      const { event, steps } = JSON.parse(body) as Record<string, unknown>
      const values = body.slice(body.indexOf(',"event":')) + JSON.stringify([event, steps])
      expect(leaksIn(values, secrets)).toEqual([])
    }
    const mine = [testKey.slice(-16), statusToken, '127.0.0.1', '8080/']
    for (const each of mine) expect(text).not.toContain(each)
    expect(await replay(requests)).toEqual(decisionsOf(requests))
  })

  it('has other placeholders for the same ids each time', async () => {
    const target = await startTarget({ ops: recordingOps, checks: { replay: 'off' } })
    const [call] = fc.sample(secretCall, { numRuns: 1, seed: 1 })
    if (call === undefined) throw new Error('no call')
    const bodies = new Set<string>()
    for (let i = 0; i < 3; i += 1) {
      const id = await startRecording(target.gateway, 1)
      await sendSecret(target, call)
      bodies.add((await takeRecorded(target.gateway, id)).requests[0]?.body ?? '')
    }
    expect(bodies.size).toBe(3)
  })

  it('has no request without a valid signature', async () => {
    const target = await startTarget({ ops: recordingOps, checks: { signature: 'report' } })
    const id = await startRecording(target.gateway, 5)
    const forged = signatureHeader('signkey-test-00', freshBody(), Math.floor(Date.now() / 1000))
    for (const signature of [forged, 'none']) {
      const headers = { 'x-inngest-signature': signature }
      const { status } = await send({ port: target.gateway.port, body: freshBody(), headers })
      expect(status).toBe(200)
    }
    expect((await takeRecorded(target.gateway, id)).requests).toEqual([])
  })
})

describe('the start of a recording', () => {
  const start = 'requests=1&timeout=5'

  it('needs the token, and a status page that has one', async () => {
    const target = await startTarget({ ops: recordingOps })
    expect((await postRecording(target.gateway, start, 'another-token-of-this')).status).toBe(401)
    expect((await postRecording(target.gateway, start, statusToken, 'GET')).status).toBe(404)
    const statusPage = { enabled: true }
    const open = await startTarget({ ops: { ...recordingOps, statusPage } })
    expect(await postRecording(open.gateway, start)).toMatchObject({
      status: 403,
      body: '{"problem":"recording needs ops.statusPage.token"}',
    })
    const off = await startTarget({})
    expect((await postRecording(off.gateway, start)).status).toBe(405)
    const messages = [target, open, off].flatMap(({ gateway }) =>
      gateway.logLines.map(({ msg }) => msg),
    )
    expect(messages).not.toContain('recording started')
  })

  it.each([
    'requests=0&timeout=5',
    'requests=501&timeout=5',
    'requests=5',
    'timeout=5',
    'requests=1e2&timeout=5',
    'requests=5&timeout=3601',
    'requests=5&timeout=0',
  ])('is refused out of its bounds: %s', async (query) => {
    const target = await startTarget({ ops: recordingOps })
    expect((await postRecording(target.gateway, query)).status).toBe(400)
  })

  it('is refused while there is another one, and logged with the address', async () => {
    const target = await startTarget({ ops: recordingOps })
    const id = await startRecording(target.gateway, 1)
    expect((await postRecording(target.gateway, start)).status).toBe(409)
    expect((await postRecording(target.gateway, 'id=another')).status).toBe(410)
    await sendHonest(target, freshBody())
    expect(await takeRecorded(target.gateway, id)).toMatchObject({ ended: 'complete' })
    expect((await postRecording(target.gateway, `id=${id}`)).status).toBe(410)
    const lines = target.gateway.logLines.filter(({ msg }) => String(msg).startsWith('recording'))
    expect(lines).toMatchObject([
      { msg: 'recording started', by: '127.0.0.1', requests: 1, timeout_seconds: 300 },
      { msg: 'recording ended', by: '127.0.0.1', requests: 1, why: 'complete' },
    ])
  })
})

describe('a recording in progress', () => {
  it('ends at its time', async () => {
    const target = await startTarget({ ops: recordingOps })
    const id = await startRecording(target.gateway, 5)
    expect((await takeRecorded(target.gateway, id)).ended).toBeUndefined()
    target.gateway.clock.monotonic += 300_000
    expect((await takeRecorded(target.gateway, id)).ended).toBe('timeout')
  })

  it('leaves out long bodies, and counts them', async () => {
    const target = await startTarget({ ops: recordingOps })
    const id = await startRecording(target.gateway, 5)
    const event = `,"event":{"data":"${'y'.repeat(262_144)}"},"version"`
    await sendHonest(target, freshBody().replace(',"version"', event))
    const { requests, leftOut } = await takeRecorded(target.gateway, id)
    expect([requests, leftOut]).toEqual([[], { bodyTooLarge: 1, notRedactable: 0 }])
    expect(await target.metrics()).toContain('recording_copies_total{result="body_too_large"} 1')
  })

  it('is shown on the status page', async () => {
    const target = await startTarget({ ops: recordingOps })
    const read = async () => {
      const headers = { authorization: `Bearer ${statusToken}` }
      const port = target.gateway.opsPort
      const { body } = await send({ port, method: 'GET', target: '/status.json', headers })
      return (JSON.parse(body) as Status).isRecording
    }
    expect(await read()).toBe(false)
    await startRecording(target.gateway, 5)
    await expect.poll(read).toBe(true)
  })

  it('ends when its client no longer fetches copies', { timeout: 30_000 }, async () => {
    const target = await startTarget({ ops: recordingOps })
    const id = await startRecording(target.gateway, 5)
    const ended = () => target.gateway.logLines.find(({ msg }) => msg === 'recording ended')
    await expect.poll(ended, { timeout: 25_000 }).toMatchObject({ why: 'abandoned' })
    expect((await postRecording(target.gateway, `id=${id}`)).status).toBe(410)
  })
})
