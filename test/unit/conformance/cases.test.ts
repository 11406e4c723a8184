/** That no case can do harm, whatever becomes of what it sends, and that each has a name of its own. */
import { describe, expect, it } from 'vitest'

import { parseAnswer } from '../../../conformance/answer.ts'
import { allCases, requestCases } from '../../../conformance/cases.ts'
import { NO_FUNCTION, randomKey, RequestMaker } from '../../../conformance/request-maker.ts'

const options = {
  url: new URL('https://gateway.example/api/inngest?token=a'),
  key: randomKey(),
  maxAgeSeconds: 300,
  clockToleranceSeconds: 300,
  allowedAddress: '2001:db8::1',
  restrictedPaths: ['/admin', '/internal/Metrics'],
  durableUrl: new URL('https://gateway.example/endpoints/order?token=a'),
  nowSeconds: () => 1_800_000_000,
}
const makers = [undefined, 'shop'].map((app) => new RequestMaker({ ...options, app }))

const sent = makers.flatMap((make) =>
  requestCases.flatMap((each) =>
    each.requests(make).map((wire) => {
      const [head = '', body = ''] = wire.bytes.toString('latin1').split(/\r\n\r\n(.*)/s)
      const [line = '', ...fields] = head.split('\r\n')
      return { name: each.name, line, fields, body, wire }
    }),
  ),
)

describe('what is sent', () => {
  it('is of cases with names of their own', () => {
    const names = allCases.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(sent)('calls no function that an app could have: $name', ({ name, line }) => {
    const target = line.split(' ')[1] ?? ''
    const [fnId] = new URL(target, 'http://a').searchParams.getAll('fnId')
    expect(fnId ?? NO_FUNCTION).toMatch(
      new RegExp(`^(?:(?:shop|another-app)-)?${NO_FUNCTION}(?:-2)?$`),
    )
    if (name !== 'restricted-spellings') expect(target).toContain('token=a')
  })

  it.each(sent)('is whole, and no parser of JSON fails on it: $name', ({ fields, body }) => {
    if (body !== '') expect(() => JSON.parse(body) as unknown).not.toThrow()
    const lengths = fields.flatMap((field) => /^Content-Length: (\d+)$/.exec(field)?.[1] ?? [])
    expect(lengths).toHaveLength(Math.max(lengths.length, body === '' ? 0 : 1))
    for (const length of lengths) expect(Number(length)).toBe(body.length)
    // Read in chunks, it ends there too.
    if (fields.some((field) => field.startsWith('Transfer-Encoding')))
      expect(body).toBe('0\r\n\r\n')
  })

  const allPuts = sent.filter(({ line }) => line.startsWith('PUT'))

  it.each(allPuts)('is a sync in-band, which registers nothing: $name', ({ fields }) => {
    expect(fields).toContain('X-Inngest-Sync-Kind: in_band')
  })

  it('is an unsigned PUT only without a body, and after an unsigned call was refused', () => {
    const optional = requestCases.filter(({ optIn }) => optIn === 'syncs').map(({ name }) => name)
    expect(optional).toEqual(['replayed-sync', 'introspection-as-sync', 'foreign-sync'])
    const puts = allPuts.filter(({ name }) => !optional.includes(name))
    expect([...new Set(puts.map(({ name }) => name))]).toEqual([
      'unsigned-sync',
      'replayed-as-sync',
    ])
    expect(puts[0]?.fields.some((field) => field.startsWith('X-Inngest-Signature'))).toBe(false)
    expect(puts[0]?.body).toBe('')
    expect(requestCases.find(({ name }) => name === 'unsigned-sync')?.needs).toBe('unsigned-call')
    const ofReplay = requestCases.find(({ name }) => name === 'replayed-as-sync')
    expect(ofReplay?.needs).toBe('replayed')
  })

  it('carries ids of its own', () => {
    const ids = sent.map(({ wire }) => wire.requestId)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('an answer', () => {
  const head = (...fields: string[]) =>
    ['HTTP/1.1 401 Unauthorized', ...fields, '', ''].join('\r\n')

  it.each([
    ['with a length', `${head('Content-Length: 2')}{}`, 'POST', '{}'],
    [
      'in chunks',
      `${head('Transfer-Encoding: chunked')}1;a=b\r\n{\r\n1\r\n}\r\n0\r\n\r\n`,
      'POST',
      '{}',
    ],
    ['to a HEAD', head('Content-Length: 2'), 'HEAD', ''],
    ['after a 100', `HTTP/1.1 100 Continue\r\n\r\n${head('Content-Length: 2')}{}`, 'PUT', '{}'],
  ])('%s is whole without the end of the connection', (_, bytes, method, body) => {
    expect(parseAnswer(bytes, method, false)).toMatchObject({ status: 401, body })
    expect(parseAnswer(bytes.slice(0, -1), method, false)).toBeUndefined()
  })

  it('is whole when the connection ends without either', () => {
    expect(parseAnswer(`${head()}{}`, 'POST', false)).toBeUndefined()
    expect(parseAnswer(`${head()}{}`, 'POST', true)).toMatchObject({ body: '{}' })
  })

  it('has no status if it is no HTTP', () => {
    expect(parseAnswer('SSH-2.0\r\n\r\n', 'POST', true)).toMatchObject({ status: 0 })
  })
})
