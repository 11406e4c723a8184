/** Almost valid HTTP/1.1: from a grammar with the points on which parsers disagree, then mutated and split. */
import fc from 'fast-check'

import { mutated } from './fuzz.ts'

/** Mostly the first ones. */
function mostly(usual: readonly string[], odd: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...usual), weight: 20 },
    { arbitrary: fc.constantFrom(...odd), weight: 1 },
  )
}

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'M-SEARCH', 'QUERY']
const method = mostly(METHODS, ['CONNECT', 'SOURCE', 'PRI', 'get', 'GETS', 'DESCRIBE', 'FLUSH'])

const authority = mostly(
  ['a', 'a.example:8080', '[::1]:80', '127.0.0.1', "a_b~c!d$e&f'g(h)i*j+k,l;m=n%41"],
  ['a@b', 'a@b@c', 'a|b', '', ':', 'a\\b', 'a"b', '[', '{a}', 'a:b:c', '@', 'a^b', 'a`b'],
)
const path = mostly(
  ['/', '/api/inngest?fnId=a&stepId=b', '/a%2f..;x', '/?a?b', '//evil/'],
  ['/#a', '/a#b#c?d', '/"<>\\^`{|}', '/\x7f', '/\x80', '/a b', '/\t', '?a', '#a', '\\', ''],
)
const target = fc.oneof(
  { arbitrary: path, weight: 6 },
  {
    arbitrary: fc
      .tuple(mostly(['http', 'https', 'HTTP'], ['ftp', 'h2', 'http+unix', '']), authority, path)
      .map(([scheme, host, rest]) => `${scheme}://${host}${rest}`),
    weight: 2,
  },
  { arbitrary: authority.map((host) => `${host}:443`), weight: 1 },
  { arbitrary: fc.constantFrom('*', '*a', '*/', 'a', 'a:b', 'http:/a', 'http:', '.'), weight: 1 },
)

const version = mostly(
  ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'],
  ['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/01.1', 'http/1.1', 'HTTP/1.', 'ICE/1.1'],
)
const space = mostly([' '], ['  ', '\t', ''])

const name = mostly(
  ['Host', 'X-A', "!#$%&'*+-.^_`|~0aZ", 'Content-Type', 'Expect', 'User-Agent', 'Cookie', 'TE'],
  ['', 'X A', 'X-A ', 'X\x80', ' X', 'X(', 'X\0', 'X:', '@', 'X\tY', '"X"'],
)
const value = mostly(
  ['a', '', 'a b\tc', '\xe9\xff', ' \t a \t ', '100-continue', 'trailers', '"a, b"', ':'],
  ['\0', '\x01', '\x7f', '\x0b', '\r', '\n', 'a\r\n b', 'a\r\n\tb', '\x1f', 'a\rb', 'a\nb'],
)
const decisive = fc.oneof(
  fc
    .tuple(
      mostly(['Connection', 'connection', 'Proxy-Connection'], ['Keep-Alive']),
      fc
        .array(
          mostly(
            ['close', 'keep-alive', 'Close', 'KEEP-ALIVE', 'x', 'te'],
            [
              '',
              'close x',
              '\xa0close',
              'close\xa0',
              '"close"',
              'clos',
              'keep-alive;q=1',
              'upgrade',
            ],
          ),
          { minLength: 1, maxLength: 3 },
        )
        .chain((elements) =>
          fc.constantFrom(', ', ',', ' ,\t', ',,').map((comma) => elements.join(comma)),
        ),
    )
    .map(([header, elements]) => `${header}: ${elements}`),
  fc.constantFrom('Upgrade: websocket', 'Upgrade: h2c', 'Connection: upgrade', 'Trailer: X'),
)
const framing = fc
  .tuple(
    mostly(
      ['Content-Length', 'Transfer-Encoding', 'content-length', 'TRANSFER-ENCODING'],
      ['Content-Length ', 'Content_Length', 'Transfer_Encoding'],
    ),
    fc.constantFrom(': ', ':', ':\t', ':  '),
    mostly(
      ['chunked', '0', '5', '3'],
      [
        'Chunked',
        'gzip',
        'gzip, chunked',
        'chunked, gzip',
        'chunked, chunked',
        'chunked,',
        ',chunked',
        'chunked;q=1',
        'identity',
        '\x0bchunked',
        'chunked\xa0',
        'xchunked',
        'x chunked',
        '05',
        '0000000000000000000005',
        '9999999999999999',
        '99999999999999999999999',
        '18446744073709551616',
        '+5',
        '-5',
        '5,5',
        '5, 5',
        '5 5',
        '0x5',
        '5a',
        '',
        '5.0',
      ],
    ),
    mostly([''], [' ', '\t', ' \t', '  ']),
  )
  .map((parts) => parts.join(''))

const token = fc.constantFrom(
  'a',
  'a=b',
  'a="b"',
  'a="\\"\xe9 \\\\"',
  'a=',
  '=b',
  ' a',
  'a="',
  '\xe9',
  '',
)
const chunkSize = mostly(
  ['1', '5', '0A', '0005', 'a', 'A'],
  ['', ' 5', '5 ', '0x5', '-5', '5\t', 'g', '1_0', '00000000000000000000000000005'],
)
const chunkLine = fc
  .tuple(chunkSize, fc.array(token, { maxLength: 2 }))
  .map(([size, extensions]) => [size, ...extensions].join(';'))

function dataOf(line: string): string {
  return 'b'.repeat(Math.min(Math.abs(Number.parseInt(line, 16)) || 0, 64))
}

const header = fc.oneof(
  { arbitrary: fc.tuple(name, value).map(([key, text]) => `${key}: ${text}`), weight: 4 },
  { arbitrary: decisive, weight: 2 },
)
const trailer = fc.oneof({ arbitrary: header, weight: 3 }, { arbitrary: framing, weight: 1 })
const chunked = fc
  .tuple(
    fc.array(chunkLine, { maxLength: 3 }),
    mostly(['0', '0', '000'], ['0;a', '00;a=b', '0 ']),
    fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, fc.array(trailer, { maxLength: 2 })),
  )
  .map(([lines, last, trailers]) => {
    const chunks = lines.map((line) => `${line}\r\n${dataOf(line)}\r\n`)
    return `${chunks.join('')}${last}\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`
  })

/** Header lines about the body, and a body that mostly matches them. */
const bodied = fc.oneof(
  { arbitrary: fc.constant({ lines: [], body: '' }), weight: 3 },
  {
    arbitrary: fc
      .string({ unit: 'binary-ascii', maxLength: 12 })
      .map((body) => ({ lines: [`Content-Length: ${String(body.length)}`], body })),
    weight: 3,
  },
  {
    arbitrary: chunked.map((body) => ({ lines: ['Transfer-Encoding: chunked'], body })),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(fc.array(framing, { minLength: 1, maxLength: 2 }), fc.oneof(chunked, fc.string()))
      .map(([lines, body]) => ({ lines, body })),
    weight: 2,
  },
)

function messageAfter(startLine: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(startLine, fc.array(header, { maxLength: 4 }), bodied, fc.nat(4))
    .map(([line, headers, { lines, body }, at]) => {
      const all = [line, ...headers.slice(0, at), ...lines, ...headers.slice(at)]
      return `${all.map((text) => `${text}\r\n`).join('')}\r\n${body}`
    })
}

const requestLine = fc.tuple(method, space, target, space, version).map((parts) => parts.join(''))
const emptyLines = mostly([''], ['\r\n', '\r\n\r\n', '\r\n\r\n\r\n', '\n', '\r'])

const MUTATIONS = '\r\n\t :;,=0\0\x0b\x7f\x80\xa0/?#"'

/** One to three requests on one connection. */
export const requestBytes = mutatedSometimes(
  fc
    .array(fc.tuple(emptyLines, messageAfter(requestLine)), { minLength: 1, maxLength: 3 })
    .map((messages) => messages.flat().join('')),
)

const status = mostly(
  ['200', '200', '204', '304', '404', '500', '201', '999'],
  ['000', '099', '20', '2000', '2 0', 'abc', '100', '103', '199', '101'],
)
const reason = mostly(
  [' OK', ' ', '', ' Not Found'],
  ['  x', ' \xe9', '\tOK', ' \0', ' a\rb', 'OK', ' \x7f'],
)
const statusLine = fc.tuple(version, space, status, reason).map((parts) => parts.join(''))
const interim = fc
  .tuple(
    mostly(['HTTP/1.1'], ['HTTP/1.0']),
    fc.constantFrom('100 Continue', '103 Early Hints', '102', '199 x'),
    fc.array(fc.oneof(header, framing), { maxLength: 1 }),
  )
  .map(([protocol, text, lines]) => [`${protocol} ${text}`, ...lines, '', ''].join('\r\n'))

/** One response, with interim ones before it. */
export const responseBytes = mutatedSometimes(
  fc
    .tuple(
      fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, fc.array(interim, { maxLength: 2 })),
      mostly([''], ['\r\n', '\n', ' ']),
      messageAfter(statusLine),
      mostly([''], ['\r\n', 'x', 'HTTP/1.1 200 OK\r\n\r\n']),
    )
    .map((parts) => parts.flat().join('')),
)

function mutatedSometimes(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(valid, mutated(valid, MUTATIONS)).filter((text) => /^[\0-\xff]*$/.test(text))
}

export const splits = fc.array(fc.nat(), { maxLength: 5 })
