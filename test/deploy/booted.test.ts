/** The Debian package and the systemd unit in a booted Debian that has no Node. */
// @module-tag nspawn
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { processKey, signCall, type SignedCall } from '../support/gateway-process.ts'
import { bootMachine, type Machine } from '../support/nspawn/machine.ts'

const NODE = '/usr/lib/inngest-gateway/node'
const KEYS = '/etc/inngest-gateway/keys'
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

const folder = mkdtempSync(path.join(tmpdir(), 'booted-'))
let machine: Machine

beforeAll(async () => {
  const { status, stderr } = spawnSync(process.execPath, ['build/deb.ts', folder, '--fast'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  machine = await bootMachine()
}, 600_000)

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await (machine as Machine | undefined)?.stop()
}, 120_000)

/** By Node, since a bare Debian has no HTTP client. @returns the status, or why there was none. */
function ask(url: string, call?: SignedCall): string {
  const request =
    call === undefined
      ? {}
      : {
          method: 'POST',
          body: call.body,
          headers: call.signature === '' ? {} : { 'x-inngest-signature': call.signature },
        }
  const program = `const [url, request] = ${JSON.stringify([url, request])}
    fetch(url, request).then(({ status }) => console.log(status), ({ cause }) => console.log(cause.code))`
  return machine.run('exec "$(cat /root/node)" -', program)
}

const post = (call: SignedCall) => ask('http://127.0.0.1:8080/api/inngest', call)

const property = (name: string) =>
  machine.run(`systemctl show --property ${name} --value inngest-gateway`)

const journal = () => machine.run('journalctl --unit inngest-gateway --output cat --no-pager')

const whenReady = () =>
  expect
    .poll(() => ask('http://127.0.0.1:9090/readyz'), { timeout: 60_000, interval: 200 })
    .toBe('200')

const whenFailed = () =>
  expect.poll(() => property('ActiveState'), { timeout: 60_000, interval: 200 }).toBe('failed')

/** As deploy/systemd/README.md says. */
const writeKeys = () =>
  machine.run(
    `install -d -m 0700 ${KEYS}; umask 077
     cat > ${KEYS}/signing-key; cp -p ${KEYS}/signing-key ${KEYS}/signing-key-fallback`,
    processKey,
  )

/** Lets loopback in, and takes a call again right after a start. */
const configure = () =>
  machine.run(
    `file=/etc/inngest-gateway/gateway.yaml
     sed -i 's/^allowlist:.*/allowlist: [127.0.0.1]/' $file
     printf 'replay: { coldStart: accept }\\nshutdown: { delay: 0s }\\n' >> $file`,
  )

function expectAdmission(): void {
  const call = signCall()
  expect([post(call), post(call), post({ ...call, signature: '' })]).toEqual(['200', '409', '401'])
}

describe('the Debian package', () => {
  it('is installed without a network, and starts nothing by itself', () => {
    const [file = ''] = globSync(`${folder}/*.deb`)
    console.log(`The package has ${(readFileSync(file).length / 1e6).toFixed(0)} MB.`)
    machine.run(`echo ${NODE} > /root/node; cat > /root/gateway.deb`, readFileSync(file))
    expect(machine.attempt('command -v node nodejs').code).not.toBe(0)
    machine.run('dpkg --install /root/gateway.deb')
    expect(machine.run('inngest-gateway version')).toBe(version)
    expect([property('ActiveState'), property('UnitFileState')]).toEqual(['inactive', 'disabled'])
  })

  it('holds files that root alone can change', () => {
    const find = 'dpkg-query --listfiles inngest-gateway | xargs -d "\\n" -I {} find {} -maxdepth 0'
    expect(machine.run(`${find} \\( ! -user root -o -perm /022 \\) ! -type l`)).toBe('')
  })

  it('names the key files that are missing, and does not start again and again', async () => {
    machine.attempt('systemctl start inngest-gateway')
    await whenFailed()
    for (const name of ['signing-key', 'signing-key-fallback']) {
      const file = `/run/credentials/inngest-gateway.service/${name}`
      expect(journal()).toContain(`expected a signing key in the file ${file}, found it empty`)
    }
    expect(property('NRestarts')).toBe('0')
  })

  it('admits a signed request once when keys and configuration are there', async () => {
    const app = `require('node:http').createServer((request, response) => response.end('app')).listen(3000, '127.0.0.1')`
    machine.run(`systemd-run --quiet --unit app ${NODE} --eval "${app}"`)
    writeKeys()
    configure()
    machine.run('systemctl start inngest-gateway')
    await whenReady()
    expectAdmission()
  })

  it('stops when it is removed', () => {
    const copied = '/usr/lib/inngest-gateway/{dist,config,package.json}'
    // For the unit of a machine with Node.
    machine.run(
      `install -d /opt/inngest-gateway; cp -r ${copied} /opt/inngest-gateway; cp ${NODE} /usr/bin/node
       systemctl stop app; dpkg --purge inngest-gateway; echo /usr/bin/node > /root/node`,
    )
    expect(ask('http://127.0.0.1:8080/')).toBe('ECONNREFUSED')
    expect(machine.attempt(`test -e ${NODE} -o -e /etc/inngest-gateway/gateway.yaml`).code).toBe(1)
  })
})

describe('the unit', () => {
  it('starts on a machine with Node, as its page says', async () => {
    const put = (file: string, target: string) =>
      machine.run(`install -D -m 644 /dev/stdin ${target}`, readFileSync(file))
    put('deploy/systemd/gateway.yaml', '/etc/inngest-gateway/gateway.yaml')
    const unit = 'inngest-gateway.service'
    put(`deploy/systemd/${unit}`, `/etc/systemd/system/${unit}`)
    configure()
    const app = `require('node:http').createServer((request, response) => response.end('app')).listen(3000, '127.0.0.1')`
    machine.run(`systemd-run --quiet --unit app node --eval "${app}"`)
    machine.run('systemctl daemon-reload; systemctl enable --now inngest-gateway')
    await whenReady()
    expectAdmission()
    const named = 'journalctl --identifier inngest-gateway --output cat --no-pager'
    expect(machine.run(named)).toContain('"msg":"started"')
  })

  it('stops with code 0', () => {
    machine.run('systemctl stop inngest-gateway')
    expect([property('Result'), property('ExecMainStatus')]).toEqual(['success', '0'])
  })

  it('waits for a port that another process holds, however often it has tried', async () => {
    const hold = "require('node:net').createServer((socket) => socket.destroy()).listen(8080)"
    machine.run(`systemd-run --quiet --unit hold node --eval "${hold}"`)
    await expect
      .poll(() => ask('http://127.0.0.1:8080/'), { timeout: 20_000 })
      .not.toBe('ECONNREFUSED')
    machine.attempt('systemctl start inngest-gateway')
    // By default systemd gives up after the fifth start within 10 s, which a busy machine does not reach.
    expect(property('StartLimitIntervalUSec')).toBe('0')
    const tries = () => Number(property('NRestarts'))
    await expect.poll(tries, { timeout: 60_000, interval: 500 }).toBeGreaterThan(6)
    expect(journal()).toContain('already in use')
    machine.run('systemctl stop hold')
    await whenReady()
  }, 120_000)

  it('stays stopped after a start with a mistake in the configuration', async () => {
    machine.run('echo "nonsense: 1" >> /etc/inngest-gateway/gateway.yaml')
    machine.attempt('systemctl restart inngest-gateway')
    await whenFailed()
    expect([property('NRestarts'), property('ExecMainStatus')]).toEqual(['0', '2'])
    expect(journal()).toContain('gateway.yaml:')
  })
})
