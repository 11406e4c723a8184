import { describe, expect, it } from 'vitest'

import { isOpsHost } from '../../../gateway/ops/server.ts'

describe('isOpsHost', () => {
  it.each([
    undefined,
    '',
    '10.1.2.3:9090',
    '[fd00::1]:9090',
    'localhost:9090',
    'LOCALHOST',
    'gateway:9090',
    'gateway-0',
    'gateway.prod.svc:9090',
    'gateway.prod.svc.cluster.local:9090',
    'gateway.prod.svc.cluster.local.',
    'host.docker.internal:9090',
    'printer.local',
    'router.home.arpa',
    'a.localhost',
  ])('takes %j for that of a scraper', (host) => {
    expect(isOpsHost(host, [])).toBe(true)
  })

  it.each([
    'evil.example',
    'evil.example:9090',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'svc.evil.example',
    'local.example',
    'gateway.prod',
    '127.1',
    'a b',
    'evil.example/.local',
    'evil.example@127.0.0.1',
    '[evil.example]',
    '127.0.0.1:9090:9090',
  ])('takes %j for that of a web page', (host) => {
    expect(isOpsHost(host, ['ops.example.com'])).toBe(false)
  })

  it.each(['ops.example.com', 'OPS.example.com.:9090'])('takes %s if it is listed', (host) => {
    expect(isOpsHost(host, ['other.example.com', 'Ops.example.com'])).toBe(true)
  })
})
