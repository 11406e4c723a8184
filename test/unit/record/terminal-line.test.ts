/** What a terminal shows of a log line. */
import { describe, expect, it } from 'vitest'

import { loggedError } from '../../../gateway/redact/safe-text.ts'
import { terminalLine } from '../../../gateway/record/terminal-line.ts'

const plain = { isColored: false, isVerbose: false }
const colored = { isColored: true, isVerbose: false }
const verbose = { isColored: false, isVerbose: true }

/** Local time, whatever zone this runs in. */
const time = new Date(2026, 10, 29, 1, 38, 44).toISOString()

const request = {
  time,
  level: 'info',
  request_id: 'id-1',
  decision: 'refused',
  reason: 'signature_missing',
  client_ip: '127.0.0.1',
  remote_ip: '127.0.0.1',
  route: 'billing',
  method: 'POST',
  path: '/api/inngest',
  status: 401,
  duration_ms: 2.93,
  msg: 'request',
}

const shownPlain = (fields: object) => terminalLine(JSON.stringify(fields), plain)
const shownColored = (fields: object) => terminalLine(JSON.stringify(fields), colored)
const shownVerbose = (fields: object) => terminalLine(JSON.stringify(fields), verbose)

describe('a request on a terminal', () => {
  it('is one line of time, status, reason, method, path, route, client and duration', () => {
    expect(shownPlain(request)).toBe(
      '01:38:44 401 signature_missing POST /api/inngest billing 127.0.0.1 2.9ms\n',
    )
  })

  it.each([
    ['refused', { decision: 'refused', reason: 'replayed' }, 31, '401 replayed'],
    ['failed', { decision: 'failed', reason: 'upstream_failed', status: 502 }, 35, '502 upstream_failed'], // prettier-ignore
    ['admitted', { decision: 'admitted', reason: 'none', status: 200 }, 32, '200 admitted'],
    [
      'admitted with report-only refusals',
      {
        decision: 'admitted',
        reason: 'none',
        status: 200,
        report_only: ['run_id_mismatch', 'stale'],
      },
      33,
      '200 report-only:run_id_mismatch,stale',
    ],
  ])('has a color of its own when it was %s', (_decision, fields, color, text) => {
    const rest = ' POST /api/inngest billing 127.0.0.1 2.9ms\n'
    expect(shownColored({ ...request, ...fields })).toBe(
      `01:38:44 \x1b[${String(color)}m${text}\x1b[39m${rest}`,
    )
    expect(shownPlain({ ...request, ...fields })).toBe(`01:38:44 ${text}${rest}`)
  })

  it('keeps its seven columns when nothing is known but the remote address', () => {
    const { route: _route, client_ip: _client, status: _status, ...rest } = request
    const nothing = { ...rest, reason: 'connections_full', method: '', path: '' }
    expect(shownPlain({ ...nothing, remote_ip: '10.0.0.9' })).toBe(
      '01:38:44 --- connections_full - - - peer:10.0.0.9 2.9ms\n',
    )
    expect(shownPlain({ ...nothing, remote_ip: undefined, duration_ms: undefined })).toBe(
      '01:38:44 --- connections_full - - - - -\n',
    )
  })

  it('shows a step that runs for long in seconds', () => {
    expect(shownPlain({ ...request, duration_ms: 999.94 })).toContain(' 999.9ms\n')
    expect(shownPlain({ ...request, duration_ms: 61_250 })).toContain(' 61.3s\n')
  })

  it('cannot have columns that a client made up', () => {
    const path = '/x billing 10.0.0.1 0.1ms'
    expect(shownPlain({ ...request, path })).toContain(` POST ${JSON.stringify(path)} billing 127`)
  })

  it('has every field below it with --verbose', () => {
    expect(shownVerbose({ ...request, report_only: ['stale'], signature_age_seconds: 3 })).toBe(
      [
        '01:38:44 401 signature_missing POST /api/inngest billing 127.0.0.1 2.9ms',
        '         request_id             id-1',
        '         decision               refused',
        '         reason                 signature_missing',
        '         client_ip              127.0.0.1',
        '         remote_ip              127.0.0.1',
        '         route                  billing',
        '         method                 POST',
        '         path                   /api/inngest',
        '         status                 401',
        '         duration_ms            2.93',
        '         report_only            ["stale"]',
        '         signature_age_seconds  3',
        '',
      ].join('\n'),
    )
  })
})

describe('any other log line on a terminal', () => {
  it('is level, message and fields, each as one word or in quotes', () => {
    const line = {
      time,
      level: 'warn',
      route: 'billing',
      files: 2,
      why: 'not "there"',
      msg: 'late',
    }
    expect(shownPlain(line)).toBe(
      '01:38:44 warn  late route=billing files=2 why="not \\"there\\""\n',
    )
  })

  it.each([
    ['info', 'info '],
    ['warn', '\x1b[33mwarn \x1b[39m'],
    ['error', '\x1b[31merror\x1b[39m'],
  ])('has the color of its level: %s', (level, shown) => {
    expect(shownColored({ time, level, msg: 'text' })).toBe(`01:38:44 ${shown} text\n`)
  })

  const error = Object.assign(new Error('refused', { cause: new Error('no route') }), {
    code: 'ECONNREFUSED',
  })

  it('shows an error by its message, and its stack and causes with --verbose', () => {
    const line = { time, level: 'warn', err: loggedError(error), msg: 'not delivered' }
    expect(shownPlain(line)).toBe('01:38:44 warn  not delivered err="ECONNREFUSED refused"\n')
    const shown = shownVerbose(line).split('\n')
    expect(shown[0]).toBe('01:38:44 warn  not delivered')
    expect(shown[1]).toBe('         err  Error: refused')
    expect(shown[2]).toMatch(/^ {14} {4}at .*terminal-line\.test\.ts/)
    expect(shown).toContain('              caused by Error: no route')
  })

  it('shows the stack of a fatal error, which nobody can see again', () => {
    const line = { time, level: 'fatal', err: loggedError(error), msg: 'stopped after a failure' }
    expect(shownPlain(line)).toMatch(/stopped after a failure\n {9}err {2}Error: refused\n {18}at /)
  })
})

describe('what a terminal would obey', () => {
  const codes = Array.from({ length: 0xa0 }, (_, code) => code).filter(
    (code) => code < 0x20 || code > 0x7e,
  )
  const hostile = [
    ...codes.map((code) => String.fromCharCode(code)),
    ...['\x1b[2J', '\x1b]0;title\x07', '\x9b31m', '\u202e', '\u2028', '\u200b', '\ud800'],
  ]
  const obeyed = /[\x00-\x1f\x7f-\x9f\u200b\u2028\u202e\ud800-\udfff]/

  it.each([
    ['a request', request],
    ['another line', { time, level: 'warn', msg: 'text' }],
  ])('is escaped wherever it is in %s', (_name, line) => {
    for (const text of hostile) {
      const err = { type: text, code: text, message: text, stack: `${text}\n${text}` }
      const lines = [
        ...Object.keys(line)
          .filter((name) => !['time', 'decision', 'duration_ms'].includes(name))
          .map((name) => ({ ...line, [name]: text })),
        { ...line, [`key${text}`]: text },
        { ...line, report_only: [text], decision: 'admitted' },
        { ...line, nested: { [text]: [text] } },
        { ...line, err: { ...err, causes: [err] } },
      ]
      for (const each of lines) {
        expect(shownPlain(each).slice(0, -1)).not.toMatch(obeyed)
        expect(shownVerbose(each).replaceAll('\n', '')).not.toMatch(obeyed)
      }
    }
  })

  it('leaves letters of any script as they are', () => {
    expect(shownPlain({ time, level: 'warn', file: '/etc/Zürich-日本.yaml', msg: 'text' })).toBe(
      '01:38:44 warn  text file=/etc/Zürich-日本.yaml\n',
    )
  })
})
