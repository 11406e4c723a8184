/** One term for one concept: phrases that no text of the program uses any more, and the term to use. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

import { pages } from '../support/documents.ts'
import { generatedFiles } from '../support/generated-files.ts'

type Phrase = readonly [phrase: RegExp, instead: string]

/** Each phrase has one meaning only, so that it can be searched for as it stands. */
const goneEverywhere: readonly Phrase[] = [
  [/\bcannot be looked at\b/i, 'could not be checked'],
  [/\blook(?:s|ed)? at (?:a|the) (?:published )?list\b/i, 'refresh'],
  [/\bquestion of a proxy\b/i, 'authorization request'],
  [/\beverybody\b/i, 'all clients'],
  [/\bgoes by\b/i, 'follows'],
  [/\bfares? alike\b/i, 'behaves the same'],
  [
    /\b(?:certificate of these|well-known) authorities\b|\bauthorities of (?:a|the|your)\b/i,
    'CA certificates',
  ],
  [/\bwhole head\b|\bhead of a request\b/i, 'request headers'],
  [/\bsays? readably\b|\bsay so readably\b/i, 'parseable'],
]

/** Some pages of prose still have these; no text of the program has. */
const goneFromProgram: readonly Phrase[] = [
  [/\bcan(?:not)? be asked\b/i, 'unavailable, available'],
  [/\bproxy (?:that|which) (?:only )?asks\b/i, 'external authorization'],
  [/\bwho(?:m|so)?ever\b/i, 'name the client, the attacker or the operator'],
  [/\bnobody\b/i, 'no client'],
  [/\bsomebody\b/i, 'a client'],
  [/\banybody\b/i, 'any client'],
  [/\bhung up on\b/i, 'connection closed'],
  [/\bhangs? up\b/i, 'disconnects'],
  [/\blet(?:s|ting)? (?:in|through|on)\b/i, 'admit, forward'],
  [/\bhand(?:s|ed|ing)? over\b/i, 'forward'],
  [/\bby itself\b/i, 'automatically'],
  [/\bat an answer’?'?s word\b/i, 'when the response says so'],
  [
    /\b(?:written|begins?|read|made|signs?|signed) anew\b/i,
    'rewritten, reset, reloaded, re-signed',
  ],
  [/\btak(?:en|es?) off\b/i, 'stripped, removed'],
  [/\bin force\b/i, 'active'],
  [/\bgiven up\b/i, 'failed over, abandoned'],
  [/\bstands? (?:in|before|beside)\b/i, 'is in, precedes'],
  [/\bahead of (?:the|this|its) clock\b(?! of)/i, 'in the future'],
  [/\b(?:sender|peer|hop)s?\b/i, 'client, remote address, proxy'],
  [/\bits? (?:whole )?answer\b/i, 'response'],
  [/\bthat is told\b|\bis told\b/i, 'receives, is logged'],
  [
    /\b\w*(?:recogni|authori|canonicali|normali|initiali|minimi|organi|summari|reali)s(?:e[sdr]?|ing|ation)\b/i,
    'American spelling: -ize',
  ],
  [/\b(?:behavio|colo|favo|hono|neighbo)ur\w*\b/i, 'American spelling: -or'],
  [
    /\b(?:cancelled|labelled|modelled|travelled|catalogue|licence|defence|centre)\b/i,
    'American spelling',
  ],
]

const phrases: readonly Phrase[] = [...goneEverywhere, ...goneFromProgram]

function found(texts: readonly string[], among = phrases): string[] {
  return texts.flatMap((text) => {
    // What stands in backticks is a name.
    const plain = text.replaceAll(/`[^`]*`/g, '``').replaceAll(/\s+/g, ' ')
    return among.flatMap(([phrase, instead]) => {
      const [hit] = phrase.exec(plain) ?? []
      return hit === undefined ? [] : [`"${hit}" (${instead}): ${plain.slice(0, 120)}`]
    })
  })
}

/** @returns what a program shows: its strings that are more than one word, without comments. */
function proseOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text)
    if (ts.isTemplateExpression(node)) {
      texts.push(node.getText(source).slice(1, -1).replaceAll('\\`', '`'))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return texts.filter((text) => /[a-z] [a-z]/i.test(text))
}

function helpOf(...command: string[]): string {
  const args = ['gateway/main.ts', ...command, '--help']
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout
}

const commands = [...helpOf().matchAll(/^ {2}([a-z][a-z-]+)\b/gm)].map(([, name = '']) => name)

/** Its generated lines, which the program's own texts fill. */
function generatedLinesOf(page: string): string[] {
  const text = readFileSync(page, 'utf8')
  const blocks = text.matchAll(/<!-- generated: (\S+) -->(.*?)<!-- end: \1 -->/gs)
  return [...blocks].flatMap(([, , lines = '']) => lines.split('\n'))
}

describe('a discouraged phrase', () => {
  it.each(globSync(['gateway/**/*.ts', 'conformance/**/*.ts']).sort())(
    'is missing from the texts of %s',
    (file) => {
      expect(found(proseOf(file))).toEqual([])
    },
  )

  it('is missing from the help of any command', () => {
    expect(commands).toContain('run')
    expect(found([helpOf(), ...commands.map((name) => helpOf(name))])).toEqual([])
  })

  it.each(['alerts', 'command-line', 'configuration', 'log-fields', 'metrics', 'reasons'])(
    'is missing from the generated text of docs/reference/%s.md',
    (name) => {
      const page = `docs/reference/${name}.md`
      expect(Object.keys(generatedFiles)).toContain(page)
      expect(generatedLinesOf(page).length).toBeGreaterThan(20)
      expect(found(generatedLinesOf(page))).toEqual([])
    },
  )

  it.each(['dashboard.json', 'alerts.yaml'])('is missing from deploy/observability/%s', (name) => {
    expect(found([readFileSync(`deploy/observability/${name}`, 'utf8')])).toEqual([])
  })

  // The log of changes may quote what a text said before.
  it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('is missing from %s', (page) => {
    expect(found([readFileSync(page, 'utf8')], goneEverywhere)).toEqual([])
  })
})
