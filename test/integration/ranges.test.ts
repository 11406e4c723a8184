/** The published ranges, live: whatever the lists’ server does, the ranges in use are good ones. */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { Answer } from '../support/list-server.ts'
import { bundledText, startLists, type Lists } from '../support/test-keeper.ts'

const [a, b, c, net4, net6] = ['18.0.0.1', '18.0.0.2', '18.0.0.3', '198.212.45.0/24', '2607:e3c0::/32'] as const // prettier-ignore
const DAY = 86_400

let lists: Lists
beforeEach(async () => {
  lists = await startLists()
})
afterEach(() => lists.stop())

describe('published lists', () => {
  it('are in use once fetched, in place of the bundled ranges', async () => {
    lists.server.answer('/ips-v4', `${net4}\n${a}\n`)
    lists.server.answer('/ips-v6', net6)
    const kept = lists.keeperOf(['/ips-v4', '/ips-v6'])
    expect(kept.keeper.current).toMatchObject({
      origin: 'bundled',
      ranges: [{ text: bundledText }],
    })
    await kept.refresh()
    expect(kept.looks()).toEqual(['ips-v4 success', 'ips-v6 success'])
    expect(kept.texts()).toEqual([a, net4, net6])
    expect(kept.keeper.current).toMatchObject({
      origin: 'fetched',
      sources: [
        {
          source: `${lists.server.origin}/ips-v4`,
          ranges: [{ text: net4 }, { text: a }],
          fetchedAtSeconds: kept.clock.seconds,
        },
        {
          source: `${lists.server.origin}/ips-v6`,
          ranges: [{ text: net6 }],
          fetchedAtSeconds: kept.clock.seconds,
        },
      ],
    })
    expect(kept.changes.map(({ ranges }) => ranges)).toEqual([kept.keeper.current.ranges])
    expect(kept.logLines).toEqual([
      {
        level: 30,
        msg: 'published ranges changed',
        origin: 'fetched',
        ranges: 3,
        added: 3,
        removed: 1,
        added_ranges: [net4, a, net6],
        removed_ranges: [bundledText],
      },
    ])
  })

  it('count as unchanged if they are the same as before', async () => {
    lists.server.answer('/', a)
    const kept = lists.keeperOf(['/'])
    await kept.refresh()
    kept.clock.seconds += DAY
    await kept.refresh()
    expect(kept.changes).toHaveLength(1)
    expect(kept.logLines).toHaveLength(1)
    expect(kept.keeper.current.sources[0]?.fetchedAtSeconds).toBe(kept.clock.seconds)
  })

  it('are each taken or kept by themselves, with the bundled ranges until all are known', async () => {
    lists.server.answer('/ips-v4', a)
    const kept = lists.keeperOf(['/ips-v4', '/ips-v6'])
    await kept.refresh()
    expect(kept.looks()).toEqual(['ips-v4 success', 'ips-v6 status'])
    expect(kept.texts()).toEqual([a, bundledText])
    expect(kept.keeper.current.origin).toBe('bundled')
    expect(kept.keeper.current.sources).toMatchObject([
      { ranges: [{ text: a }], fetchedAtSeconds: kept.clock.seconds },
      { ranges: [], fetchedAtSeconds: undefined },
      { source: 'bundled', ranges: [{ text: bundledText }], fetchedAtSeconds: undefined },
    ])
    expect(kept.messages()).toEqual([
      'published list refused: no earlier list is available',
      'published ranges changed',
      expect.stringContaining('bundled ranges in use'),
    ])
    lists.server.answer('/ips-v4', '')
    lists.server.answer('/ips-v6', net6)
    await kept.refresh()
    expect(kept.looks()).toEqual(['ips-v4 empty', 'ips-v6 success'])
    expect(kept.texts()).toEqual([a, net6])
    expect(kept.keeper.current.origin).toBe('kept')
  })

  it('are the bundled ranges where no URL is given', async () => {
    const kept = lists.keeperOf([])
    await kept.refresh()
    expect(kept.keeper.current).toMatchObject({
      origin: 'bundled',
      sources: [{ source: 'bundled' }],
    })
    expect(kept.texts()).toEqual([bundledText])
    expect(kept.messages()).toEqual([expect.stringContaining('bundled ranges in use')])
  })

  it.each([
    ['an absolute', () => `${lists.server.origin}/new`],
    ['a relative', () => '../new'],
  ])('are followed through %s redirect to https', async (_, location) => {
    lists.server.answer('/list', (response) => {
      response.writeHead(308, { location: location() }).end('moved')
    })
    lists.server.answer('/new', a)
    const kept = lists.keeperOf(['/list'])
    expect(await kept.refresh()).toBe('success')
    expect(kept.texts()).toEqual([a])
  })

  it.each([
    [3, 'success'],
    [4, 'status'],
  ])('end, after %i redirects, as %s', async (count, result) => {
    lists.server.answer('/0', a)
    for (let left = 1; left <= count; left += 1) {
      lists.server.answer(`/${String(left)}`, (response) => {
        response.writeHead(302, { location: `/${String(left - 1)}` }).end()
      })
    }
    expect(await lists.keeperOf([`/${String(count)}`]).refresh()).toBe(result)
  })
})

const text =
  (status: number, body: string, fields = {}): Answer =>
  (response) => {
    response.writeHead(status, fields).end(body)
  }
const tenMegabytes = '18.0.0.1\n'.repeat(1_200_000)

/** What the server does, and what it is taken for. The first list was a, b, c. */
const badAnswers: [string, string, Answer | string][] = [
  ['status 500', 'status', text(500, `${a}\n${b}\n${c}`)],
  ['status 204', 'status', text(204, '')],
  ['status 206', 'status', text(206, `${a}\n${b}`)],
  ['status 201 that names a place', 'status', text(201, '', { location: '/good' })],
  ['a redirect to nowhere', 'status', text(302, '')],
  [
    'a redirect to nowhere without an end',
    'status',
    (response) => response.writeHead(302).write('18.0.0.1\n'),
  ],
  ['a redirect to no URL', 'status', text(302, '', { location: 'https://' })],
  ['a redirect to http', 'insecure_redirect', text(302, '', { location: 'http://127.0.0.1:9/' })],
  ['a redirect to a file', 'insecure_redirect', text(302, '', { location: 'file:///etc/hosts' })],
  ['HTML', 'not_a_list', text(200, '<!DOCTYPE html><title>Sign in</title>')],
  ['nothing', 'empty', ''],
  ['a cut connection', 'unreachable', (response) => response.destroy()],
  [
    'a cut list',
    'unreachable',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 }).write(`${a}\n${b}\n${c}\n`, () => {
        response.destroy()
      })
    },
  ],
  ['a list without an end of its own', 'unreachable', withoutLength],
  [
    'a list without an end at all',
    'unreachable',
    (response) => response.socket?.write(`HTTP/1.1 200 OK\r\n\r\n${a}\n`),
  ],
  [
    'something that is no HTTP',
    'unreachable',
    (response) => response.socket?.end('ranges\r\n\r\n'),
  ],
  ['10 MB', 'too_large', tenMegabytes],
  ['one byte too much', 'too_large', a.padEnd(65_537)],
  ['1001 ranges', 'too_many', `${a}\n`.repeat(1001)],
  ['a list with /0', 'too_wide', `${a}\n${b}\n${c}\n0.0.0.0/0`],
  ['a list with half of all', 'too_wide', `${a}\n${b}\n${c}\n128.0.0.0/1`],
  ['a list with all of IPv6', 'too_wide', `${a}\n${b}\n${c}\n2000::/3`],
  ['a list with a private range', 'special_purpose', `${a}\n${b}\n${c}\n192.168.0.0/16`],
  ['a list with loopback', 'special_purpose', `${a}\n${b}\n${c}\n127.0.0.1`],
  ['a list with IPv6 loopback', 'special_purpose', `${a}\n${b}\n${c}\n::1`],
  ['a third of the list', 'shrunk', a],
  ['a list of others', 'shrunk', '19.0.0.1\n19.0.0.2\n19.0.0.3'],
]

function withoutLength(response: ServerResponse): void {
  response.socket?.end(`HTTP/1.1 200 OK\r\n\r\n${a}\n${b}\n${c}`)
}

describe('a server that answers with', () => {
  it.each(badAnswers)('%s is %s: the last good list is kept', async (_, result, answer) => {
    lists.server.answer('/', `${a}\n${b}\n${c}\n`)
    const kept = lists.keeperOf(['/'])
    await kept.refresh()
    lists.server.answer('/', answer)
    lists.server.answer('/good', `${a}\n${b}\n19.0.0.1`)
    expect(await kept.refresh()).toBe(result)
    expect(kept.texts()).toEqual([a, b, c])
    expect(kept.keeper.current.origin).toBe('kept')
    expect(kept.changes).toHaveLength(1)
    expect(kept.logLines.slice(1)).toMatchObject([
      { level: 40, msg: 'published list refused: keeping the last good list', problem: result },
    ])
    lists.server.answer('/', `${a}\n${b}\n`)
    expect(await kept.refresh()).toBe('success')
    expect(kept.texts()).toEqual([a, b])
    await expect.poll(() => lists.server.openSockets()).toBe(0)
  })

  it.each(badAnswers.filter(([, result]) => result !== 'shrunk'))(
    '%s from the start is %s: the bundled ranges are used',
    async (_, result, answer) => {
      lists.server.answer('/', answer)
      const kept = lists.keeperOf(['/'])
      expect(await kept.refresh()).toBe(result)
      expect(kept.texts()).toEqual([bundledText])
      expect(kept.messages().at(-1)).toContain('bundled ranges in use')
    },
  )

  it('65536 bytes is read to its end', async () => {
    lists.server.answer('/', a.padEnd(65_536))
    expect(await lists.keeperOf(['/']).refresh()).toBe('success')
  })

  it.each([
    ['nothing', () => undefined],
    ['half a list', (response: ServerResponse) => response.writeHead(200).write(a)],
    [
      'a redirect to something slow',
      (response: ServerResponse) => response.writeHead(302, { location: '/never' }).end(),
    ],
  ])('%s and then is silent runs into the timeout', async (_, answer) => {
    lists.server.answer('/never', () => undefined)
    lists.server.answer('/', answer)
    const kept = lists.keeperOf(['/'], {}, { timeoutMs: 100 })
    expect(await kept.refresh()).toBe('timeout')
    await expect.poll(() => lists.server.openSockets()).toBe(0)
  })
})

describe('a server of lists', () => {
  it.each([
    ['undefined', undefined],
    ['0', '0'],
  ])(
    'is not believed without a known certificate, NODE_TLS_REJECT_UNAUTHORIZED being %s',
    async (_, value) => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value)
      lists.server.answer('/', a)
      const kept = lists.keeperOf(['/'], {}, { ca: undefined })
      expect(await kept.refresh()).toBe('unreachable')
      expect(kept.logLines[0]?.['found']).toMatch(/self.signed certificate/)
      expect(lists.server.asked).toEqual([])
    },
  )

  it('is not requested except by https', async () => {
    const urls = [lists.server.origin.replace('https:', 'http:')]
    expect(await lists.keeperOf([], {}, { urls }).refresh()).toBe('insecure_redirect')
  })

  it('changes nothing if it is down for a day, nor for a gateway that starts then', async () => {
    lists.server.answer('/', `${a}\n${b}`)
    const kept = lists.keeperOf(['/'], { stateFile: lists.stateFile })
    await kept.refresh()
    lists.server.stop()
    for (let hour = 1; hour <= 24; hour += 1) {
      kept.clock.seconds += DAY / 24
      expect(await kept.refresh()).toBe('unreachable')
      expect(kept.texts()).toEqual([a, b])
    }
    const again = lists.keeperOf(['/'], { stateFile: lists.stateFile })
    expect(again.texts()).toEqual([a, b])
    expect(again.keeper.current).toMatchObject({
      origin: 'kept',
      sources: [{ fetchedAtSeconds: kept.clock.seconds - DAY }],
    })
    await again.refresh()
    expect(again.texts()).toEqual([a, b])
    expect(again.messages()).toEqual(['published list refused: keeping the last good list'])
  })
})
