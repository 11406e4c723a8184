/** No secret in the wrong place comes out of the real process, on stderr, on stdout or in its log. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

import { patient, processKey, startGatewayProcess } from '../support/gateway-process.ts'
import { mountSecret } from '../support/secret-mount.ts'
import { send } from '../support/sender.ts'

const key = 'signkey-prod-TOPSECRET'
const file = (text: string) => mountSecret({ 'gateway.yaml': text }).fileOf('gateway.yaml')

function run(args: string[], env: Record<string, string> = {}, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['gateway/main.ts', ...args], {
    env: { INNGEST_SIGNING_KEY: processKey, ...env },
    input,
    encoding: 'utf8',
    // A gateway that starts in spite of what it was given would not end.
    timeout: 20_000,
  })
  expect(stdout + stderr).not.toMatch(/TOP ?SECRET/i)
  return { status, said: stdout + stderr }
}

const upstream = ['--upstream', 'http://127.0.0.1:1']

describe('the process', () => {
  it.each([
    [[key]],
    [['run', key]],
    [['run', `${key}.yaml`]],
    [['run', `--${key}`]],
    [['run', '--upstream', key]],
    [['run', '--upstream', 'http://user:TOPSECRET@127.0.0.1:1']],
    [['run', '--upstream', `http://${key}:1`]],
    [['run', '--config', `/nonexistent/${key}`]],
    [['run', '--config', 'redis://:TOPSECRET@h?password=TOPSECRET']],
    [['validate', '--upstream', 'http://h?password=TOPSECRET']],
    [['print-config', '--upstream', key]],
    [['ips', ...upstream, '--check', key]],
    [['explain', ...upstream, '--from', key]],
    [['explain', ...upstream, '--from', '127.0.0.1', '--header', key]],
    [['explain', ...upstream, '--from', '127.0.0.1', '--header', 'Authorization Bearer TOPSECRET']],
    [['explain', ...upstream, '--from', '127.0.0.1', '--body', `/nonexistent/${key}`]],
    [['explain', ...upstream, '--from', '127.0.0.1', '--at', key]],
    [['explain', ...upstream, '--log', `/nonexistent/${key}`]],
    [['sign', '--key-env', key]],
    [['sign', '--body', `/nonexistent/${key}`]],
    [['sign', '--url', `https://a/?key=${key}`]],
    [['sign', '--method', key]],
    [['verify', '--header', 'x', '--key-env', key]],
    [['verify', '--header', 'x', '--body', `/nonexistent/${key}`]],
    [['verify', '--header', 'x', '--max-age', key]],
    [['conformance', '--url', key]],
    [['conformance', '--url', 'https://user:TOPSECRET@a/']],
    [['conformance', '--url', 'https://a/', '--only', key]],
    [['conformance', '--url', 'https://a/', '--app-address', key]],
    [['conformance', '--url', 'https://a/', '--key-env', key]],
    [['conformance', '--json', '--url', 'https://user:TOPSECRET@a/']],
    [['help', key]],
  ])('shows no secret in its arguments: %j', (args) => {
    const { status, said } = run(args)
    expect(status).toBe(2)
    expect(said).not.toBe('')
  })

  it('shows no secret in the address that it asks for its health', () => {
    for (const url of [`http://${key}/`, 'http://:TOPSECRET@127.0.0.1:1/', 'x?token=TOPSECRET']) {
      expect(run(['healthcheck', '--url', url])).toEqual({
        status: 1,
        said: expect.stringContaining('[redacted]') as string,
      })
    }
  })

  it('shows no token in the address that it tests', () => {
    const { said } = run(['conformance', '--url', 'http://127.0.0.1:1/?token=TOPSECRET'])
    expect(said).toContain('http://127.0.0.1:1/?token=[redacted]')
  })

  it('shows no secret in a request, or a line of the log, that it explains', () => {
    const target = `/${key}`
    const request = ['explain', ...upstream, '--from', '127.0.0.1', '--target', target]
    expect(run(request).said).toContain('/[redacted]')
    const log = JSON.stringify({ decision: 'refused', reason: 'route_unknown', path: target })
    expect(run(['explain', ...upstream, '--log', '-'], {}, log).said).toContain('/[redacted]')
  })

  it.each([
    ['as a name', `routes: [${key}]`],
    ['as a key', `${key}: 1`],
    ['as an anchor', `listen: &${key}`],
    ['in a line that is no YAML', `listen: "${key}\nroutes: [`],
    [
      'in the address of Redis',
      'replay: { store: redis, url: "redis://:TOPSECRET@h" }\nroutes: []',
    ],
  ])('shows no secret %s in its configuration', (_, text) => {
    for (const command of ['run', 'validate', 'print-config', 'ips']) {
      expect(run([command, '--config', file(text)]).status).toBe(2)
    }
  })

  it.each([
    ['INNGEST_SIGNING_KEY', 'sk-inn-api-TOPSECRET'],
    ['INNGEST_SIGNING_KEY', '"signkey-prod-TOPSECRET"'],
    ['INNGEST_SIGNING_KEY', 'redis://:TOPSECRET@h'],
    ['INNGEST_SERVE_PATH', key],
    ['INNGEST_SERVE_ORIGIN', 'https://:TOPSECRET@h'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', key],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://user:TOPSECRET@h'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', key],
  ])('shows nothing of %s=%s', (name, value) => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    const env = { ...(name.startsWith('OTEL') ? endpoint : {}), [name]: value }
    expect(run(['run', ...upstream], env)).toEqual({
      status: 2,
      said: expect.stringContaining(name) as string,
    })
  })

  it.each(['sign', 'verify'])('names what is no signing key, in %s', (command) => {
    const env = { INNGEST_SIGNING_KEY: 'sk-inn-api-TOPSECRET' }
    const { status, said } = run(
      [command, '--header', 'x'].slice(0, command === 'sign' ? 1 : 3),
      env,
    )
    expect(status).toBe(2)
    expect(said).toBe(
      "expected a signing key in the environment variable INNGEST_SIGNING_KEY, found an API key, which signs nothing: take the signing key from Inngest's dashboard\n",
    )
  })

  it('logs no secret of a request or of a configuration that is not taken', async () => {
    const gateway = await startGatewayProcess('http://127.0.0.1:1', {})
    const { port, log } = gateway
    const target = `/${key}?stepId=${key}`
    await send({ port, method: 'GET', target, headers: { 'x-run-id': key } })
    gateway.rewrite({ routes: [key] })
    gateway.child.kill('SIGHUP')
    const logged = () => JSON.stringify(log)
    await expect.poll(logged, patient).toContain('configuration reload failed')
    await expect.poll(logged, patient).toContain('"path":"/[redacted]"')
    expect(logged()).not.toMatch(/topsecret/i)
  })
})
