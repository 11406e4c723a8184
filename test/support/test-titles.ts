/** The tests of a file, with the titles in its source: `describe > it`, with `%s` where a row is inserted. */
import { readFileSync } from 'node:fs'

import ts from 'typescript'

/** A call such as `it('title', …)` or `it.each(rows)('title', …)`. */
interface Block {
  readonly isTest: boolean
  /** False for `it.skip` and similar ones: a test that is not run shows nothing. */
  readonly isRun: boolean
  readonly title: string
  readonly rest: readonly ts.Node[]
}

/** @returns the titles of the tests that are run. */
export function titlesOf(file: string): string[] {
  const titles: string[] = []
  const visit = (node: ts.Node, suites: readonly string[]) => {
    const block = blockAt(node)
    if (block?.isRun === false) return
    const path = block === undefined ? suites : [...suites, block.title]
    if (block?.isTest === true) titles.push(path.join(' > '))
    const visitInside = (child: ts.Node) => {
      visit(child, path)
    }
    if (block === undefined) ts.forEachChild(node, visitInside)
    else block.rest.forEach(visitInside)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest), [])
  return titles
}

function blockAt(node: ts.Node): Block | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const [kind = '', ...modifiers] = namesOf(node.expression)
  const [title, ...rest] = node.arguments
  if (!['describe', 'it', 'test'].includes(kind)) return undefined
  if (title === undefined || !ts.isStringLiteralLike(title)) return undefined
  const isRun = !modifiers.some((name) => ['skip', 'todo', 'fails'].includes(name))
  return { isTest: kind !== 'describe', isRun, title: title.text, rest }
}

/** For `it.each(rows)` the names are `it` and `each`. */
function namesOf(expression: ts.Expression): string[] {
  if (ts.isIdentifier(expression)) return [expression.text]
  if (ts.isPropertyAccessExpression(expression)) {
    return [...namesOf(expression.expression), expression.name.text]
  }
  return ts.isCallExpression(expression) ? namesOf(expression.expression) : []
}
