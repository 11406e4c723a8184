/** The documentation uses one plain term for each thing, in American spelling. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { pages } from '../support/documents.ts'

/** Another word for a thing that has a term, and that term. */
const replaced: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:any|every|some)body\b|\bnobody\b|\bwhoever\b/i,
    'a client, an attacker, the operator, no client',
  ],
  [/\banew\b/i, 'rewritten, reset, reloaded, again'],
  [/\banswer(?:s|ed|ing)?\b/i, 'response, responds'],
  [/\btold\b/i, 'notified, reported, logged, returned'],
  [/\blets? (?:in|on|through|past)\b/i, 'admit, forward'],
  [/\bhand(?:s|ed)? over\b/i, 'forward'],
  [/\b(?:hangs?|hung) up\b/i, 'disconnects, closes the connection'],
  [/\btak(?:e|es|en|ing) off\b/i, 'strip, remove'],
  [/\b(?:given|gave) up\b/i, 'demoted, failed over'],
  [/\bin force\b/i, 'active, current'],
  [/\bspent\b/i, 'claimed'],
  [/\bahead of (?:the|its|this) (?:clock|time)\b|\bahead of time\b/i, 'in the future'],
  [/\bof before\b/i, 'made before …'],
  [/\bbeside\b|\bkin\b/i, 'next to, equivalents'],
  [/\bcannot be asked\b/i, 'unavailable, unreachable'],
  [/\bproxy (?:that|which) (?:only )?asks\b/i, 'external authorization'],
  [/\b(?:each|every|a|one|next) hop\b/i, 'proxy, intermediary'],
  [
    /behaviour|cancell|colour|favour|honour|[a-z]{3}(?:ognis|onicalis|rmalis)/i,
    'American spelling',
  ],
]

/** Prose: without code, addresses of links, and tables that have their words from the code. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8')
    .replaceAll(/<!-- generated: (?!threats)(\S+) -->.*?<!-- end: \1 -->/gs, '')
    .replaceAll(/^( *)```.*?^\1```/gms, '')
    .replaceAll(/`[^`]+`/g, '…')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/\s+/g, ' ')
}

/** Prose outside of tables, headings and lists that end without a full stop. */
function sentencesOf(page: string): string[] {
  return readFileSync(page, 'utf8')
    .replaceAll(/<!-- generated: (\S+) -->.*?<!-- end: \1 -->/gs, '')
    .replaceAll(/^( *)```.*?^\1```/gms, '\n')
    .replaceAll(/^ *(?:\||#).*$/gm, '\n')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .split(/\n\s*\n|\n\s*(?:-|\d+\.) /)
    .flatMap((part) =>
      part
        .replaceAll(/\s+/g, ' ')
        .trim()
        .split(/(?<=[.:?!](?:\*\*)?) (?=[A-Z`*[])/),
    )
}

const written = pages.filter((page) => !/^bench\//.test(page))

describe('a page of the documentation', () => {
  it.each(written)('uses the plain terms: %s', (page) => {
    const prose = proseOf(page)
    const found = replaced.flatMap(([word, term]) => {
      const [match] = word.exec(prose) ?? []
      return match === undefined ? [] : [`write "${term}" instead of "${match}"`]
    })
    expect(found).toEqual([])
  })

  it.each(written.filter((page) => page !== 'CHANGELOG.md'))(
    'has no sentence of more than 36 words: %s',
    (page) => {
      expect(sentencesOf(page).filter((sentence) => sentence.split(' ').length > 36)).toEqual([])
    },
  )

  it.each([
    [
      'docs/how-to/external-authorization.md',
      'External authorization (Envoy ext_authz, Traefik forwardAuth)',
    ],
    [
      'docs/how-to/load-balancers.md',
      'Load balancers and proxies: client address, 403 `client_not_allowed`',
    ],
    ['docs/how-to/passthrough.md', 'Passthrough routes: forward the other paths of an app'],
    ['docs/how-to/reload.md', 'Reload the configuration without a restart'],
    ['docs/how-to/roll-out.md', 'Roll out in report-only mode'],
    ['docs/how-to/rotate-keys.md', 'Rotate the signing key'],
    ['docs/how-to/scale-out.md', 'Scale out: replicas and workers'],
    ['docs/how-to/sync.md', 'Sync an app: it registers `http://` instead of `https://`'],
    ['docs/reference/configuration.md', 'Configuration reference'],
    ['docs/reference/limitations.md', 'Limitations'],
    ['docs/reference/reasons.md', 'Reasons: why a request was refused, and what to do'],
    ['docs/reference/start-and-stop.md', 'Start, readiness and graceful shutdown'],
    ['docs/decisions/0001-libraries.md', 'Library choices'],
    ['docs/decisions/0003-edge-libraries.md', 'Build or buy at the HTTP edge'],
    ['docs/decisions/0004-reload-by-snapshot.md', 'Reload by immutable snapshot'],
  ])('has a title that a search finds: %s', (page, title) => {
    expect(readFileSync(page, 'utf8').split('\n', 1)).toEqual([`# ${title}`])
  })
})
