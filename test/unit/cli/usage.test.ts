/** What the arguments of the process mean, before any command has begun. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

function cli(...args: string[]) {
  const options = { env: {}, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['gateway/main.ts', ...args],
    options,
  )
  return [status, stdout, stderr]
}

describe('the arguments', () => {
  it('ask for the version in two ways', () => {
    expect(cli('--version')).toEqual([0, '0.1.0\n', ''])
    expect(cli('version')).toEqual(cli('--version'))
  })

  it('ask for help in two ways', () => {
    expect(cli('help')).toEqual([0, expect.stringContaining('conformance [options]'), ''])
    expect(cli('--help')).toEqual(cli('help'))
    expect(cli('help', 'verify')).toEqual([0, expect.stringContaining('--clock-tolerance'), ''])
    expect(cli('verify', '--help')).toEqual(cli('help', 'verify'))
  })

  it.each([
    [['help', 'nonsense'], "unknown command 'nonsense'"],
    [['nonsense'], "unknown command 'nonsense'"],
    [['run', 'gateway.yaml'], "too many arguments for 'run' (did you mean --config gateway.yaml?)"],
    [
      ['rollout-report', 'gateway.log'],
      "too many arguments for 'rollout-report' (did you mean < gateway.log?)",
    ],
    [['ips', '10.0.0.1'], "too many arguments for 'ips'"],
  ])('%j are wrong', (args, message) => {
    expect(cli(...args)).toEqual([2, '', `error: ${message}\n`])
  })
})
