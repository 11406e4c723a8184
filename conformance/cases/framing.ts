/**
 * Requests that two hops may read differently. They are unsigned, so that they are refused even without a check
 * of their framing. Both readings end at the same byte, so that nothing is left on a connection that a proxy
 * shares with others.
 */
import type { RequestCase } from '../case.ts'
import type { RequestMaker } from '../request-maker.ts'

const base = {
  group: 'framing',
  from: 'inside',
  expects: { kind: 'refused', statuses: [400], inFront: 'mends' },
} as const

const smuggling =
  'A request that two servers read differently can smuggle a second request past every check: allow access to the app only through the gateway.'

const target =
  'A proxy changed the request target, so a path that was not checked may reach the app: do not rewrite paths in transit.'

/** A last chunk, five bytes, and JSON. */
const LAST_CHUNK = '0\r\n\r\n'

const ambiguous: readonly (readonly [name: string, sends: string, framing: string[]])[] = [
  ['doubled-length', '`Content-Length` twice', ['Content-Length: 5', 'Content-Length: 5']],
  [
    'length-and-chunks',
    '`Content-Length` and `Transfer-Encoding`',
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
  ],
  [
    'odd-encoding',
    '`Content-Length` and an unknown `Transfer-Encoding`',
    ['Content-Length: 5', 'Transfer-Encoding: xchunked'],
  ],
]

export const framingCases: readonly RequestCase[] = [
  ...ambiguous.map(([name, sends, framing]) => ({
    ...base,
    name,
    sends,
    failure: smuggling,
    requests: (make: RequestMaker) => [make.request({ signatures: [], body: LAST_CHUNK, framing })],
  })),
  {
    ...base,
    name: 'doubled-run-id',
    sends: '`X-Run-ID` twice',
    failure: 'The gateway, its log and the app may each use a different run id.',
    requests: (make) => [make.request({ signatures: [], fields: ['X-Run-ID: a', 'X-Run-ID: b'] })],
  },
  {
    ...base,
    name: 'double-slash',
    sends: 'a target that begins with `//`',
    // No path of an Inngest route begins like this, and a passthrough route forwards no such spelling of one.
    expects: { kind: 'refused', statuses: [400, 404], inFront: 'mends' },
    failure: target,
    requests: (make) => [make.request({ signatures: [], target: (own) => `/${own}` })],
  },
  {
    ...base,
    name: 'absolute-target',
    // With the same host, this is a normal form of the target (RFC 9112 3.2.2).
    sends: 'a target with a scheme and another host than `Host`',
    failure: target,
    requests: (make) => [
      make.request({ signatures: [], target: (own) => `http://conformance.invalid${own}` }),
    ],
  },
  {
    ...base,
    name: 'encoded-path',
    sends: 'a path with an encoded letter',
    expects: { kind: 'refused', statuses: [404], inFront: 'mends' },
    failure: target,
    requests: (make) => [
      make.request({
        signatures: [],
        target: (own) => own.replace(LETTER_OF_LAST_SEGMENT, encodeLetter),
      }),
    ],
  },
  {
    ...base,
    name: 'path-prefix',
    sends: 'paths that begin with the path of the route',
    expects: { kind: 'refused', statuses: [404], inFront: 'mends' },
    failure:
      'Frameworks that mount by prefix pass such a path to the Inngest handler, and no check was applied. Remove the passthrough route that lists it, or update the gateway.',
    requests: (make) =>
      CONTINUATIONS.map((more) =>
        make.request({
          label: more,
          signatures: [],
          target: (own) => continuePath(own, more),
        }),
      ),
  },
  {
    ...base,
    name: 'restricted-spellings',
    optIn: 'restrictedPaths',
    sends: 'a GET for each other spelling of a restricted path',
    expects: { kind: 'refused', statuses: [400, 403, 404], inFront: 'mends' },
    failure:
      'The app may treat such a path as the restricted one, and a route without an `allowlist` forwarded it. Allow access to the app only through the gateway, and update the gateway.',
    requests: (make) =>
      make.options.restrictedPaths.flatMap(otherSpellings).map((path) =>
        make.request({
          label: path,
          method: 'GET',
          signatures: [],
          body: '',
          target: () => path,
        }),
      ),
  },
]

/** Appended to the path of a route: frameworks that mount by prefix take these paths for the route itself. */
const CONTINUATIONS = ['x', '-1', ':', 'x/y']

function continuePath(own: string, more: string): string {
  return own.replace(/(?=\?|$)/, more)
}

/** The last segment of the path must have a letter. */
function otherSpellings(path: string): readonly string[] {
  const flip = (letter: string) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
  return [
    path.replace(LETTER_OF_LAST_SEGMENT, flip),
    path.replace(LETTER_OF_LAST_SEGMENT, encodeLetter),
    path.replace(/[^/]+$/, './$&'),
    path.replace(/[^/]+$/, 'conformance/../$&'),
    `/${path}`,
    `${path};conformance`,
    `${path}%2fconformance`,
  ]
}

const LETTER_OF_LAST_SEGMENT = /[a-z](?=[^/?]*(?:\?|$))/i

function encodeLetter(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`
}
