/**
 * The content of a PromQL expression: each selector with its matchers, and the labels of its result. For a
 * label that no series has, Prometheus silently returns nothing.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

export interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

export interface Selector {
  readonly metric: string
  readonly matchers: readonly Matcher[]
}

export interface Analysis {
  readonly selectors: readonly Selector[]
  /** Labels that the result may have. */
  readonly labels: ReadonlySet<string>
  readonly problems: readonly string[]
}

/** @returns undefined for an unknown metric. */
export type LabelsOf = (metric: string) => ReadonlySet<string> | undefined

export function analyse(expression: string, labelsOf: LabelsOf): Analysis {
  const reader = new Reader(expression, labelsOf)
  const labels = reader.read()
  return { selectors: reader.selectors, labels: labels ?? new Set(), problems: reader.problems }
}

/** Undefined is a number, which has no labels because it is no vector. */
type Labels = ReadonlySet<string> | undefined

class Reader {
  readonly selectors: Selector[] = []
  readonly problems: string[] = []
  readonly #text: string
  readonly #labelsOf: LabelsOf

  constructor(text: string, labelsOf: LabelsOf) {
    this.#text = text
    this.#labelsOf = labelsOf
  }

  read(): Labels {
    const tree = parser.parse(this.#text)
    tree.iterate({
      enter: ({ type, from, to }) => {
        if (type.isError) this.problems.push(`not PromQL near "${this.#text.slice(from, to + 10)}"`)
      },
    })
    return this.#labelsIn(tree.topNode)
  }

  #labelsIn(node: SyntaxNode): Labels {
    switch (node.name) {
      case 'VectorSelector':
        return this.#selector(node)
      case 'AggregateExpr':
        return this.#aggregate(node)
      case 'BinaryExpr':
        return this.#binary(node)
      case 'FunctionCall':
        return this.#call(node)
      default:
        return union(childrenOf(node).map((child) => this.#labelsIn(child)))
    }
  }

  #selector(node: SyntaxNode): Labels {
    const name = node.getChild('Identifier')
    const matchers = childrenOf(node.getChild('LabelMatchers')).map((matcher) =>
      this.#matcher(matcher),
    )
    const metric = name === null ? '' : this.#textOf(name)
    this.selectors.push({ metric, matchers })
    const labels = this.#labelsOf(metric)
    if (labels === undefined) this.problems.push(`there is no metric ${metric}`)
    else this.#expectLabels(metric, labels, new Set(matchers.map(({ label }) => label)))
    return labels ?? new Set()
  }

  #matcher(node: SyntaxNode): Matcher {
    const [label, operator, value] = childrenOf(node).map((child) => this.#textOf(child))
    return { label: label ?? '', operator: operator ?? '', value: unquoted(value ?? '') }
  }

  #aggregate(node: SyntaxNode): Labels {
    const inner = this.#labelsIn(node.getChild('FunctionCallBody') ?? node) ?? new Set<string>()
    const modifier = node.getChild('AggregateModifier')
    const named = this.#namesIn(modifier)
    this.#expectLabels(this.#textOf(node), inner, named)
    if (modifier?.getChild('Without')) return new Set([...inner].filter((one) => !named.has(one)))
    if (modifier !== null) return named
    // They keep series as they are.
    return /^(?:topk|bottomk|limitk)\b/.test(this.#textOf(node)) ? inner : new Set<string>()
  }

  #binary(node: SyntaxNode): Labels {
    const sides = childrenOf(node).filter(({ name }) => isOperand(name))
    const [left, right] = sides.map((side) => this.#labelsIn(side))
    if (left === undefined || right === undefined) return left ?? right
    if (node.getChild('Or') !== null) return union([left, right])
    const clause = node.getChild('MatchingModifierClause')
    if (clause === null) {
      if (!isSame(left, right)) {
        this.problems.push(
          `the sides of "${this.#textOf(node)}" have other labels: nothing matches`,
        )
      }
      return left
    }
    const named = this.#namesIn(clause)
    for (const side of [left, right]) this.#expectLabels(this.#textOf(node), side, named)
    const isFilter = node.getChild('And') !== null || node.getChild('Unless') !== null
    return clause.getChild('On') === null || isFilter ? left : named
  }

  #call(node: SyntaxNode): Labels {
    const labels = this.#labelsIn(node.getChild('FunctionCallBody') ?? node)
    switch (childrenOf(node.getChild('FunctionIdentifier'))[0]?.name) {
      case 'HistogramQuantile':
        if (labels?.has('le') !== true) {
          this.problems.push(`no buckets in "${this.#textOf(node)}"`)
        }
        return new Set([...(labels ?? [])].filter((label) => label !== 'le'))
      case 'Scalar':
      case 'Time':
        return undefined
      case 'Absent':
      case 'Vector':
        return new Set()
      default:
        return labels
    }
  }

  #expectLabels(where: string, there: ReadonlySet<string>, named: ReadonlySet<string>): void {
    for (const label of named) {
      if (!there.has(label)) this.problems.push(`no label ${label} in ${where}`)
    }
  }

  /** Labels named in `by (…)`, `on (…)` and so on. */
  #namesIn(node: SyntaxNode | null): Set<string> {
    const lists = node?.getChildren('GroupingLabels') ?? []
    return new Set(
      lists.flatMap((list) => list.getChildren('LabelName').map((name) => this.#textOf(name))),
    )
  }

  #textOf({ from, to }: SyntaxNode): string {
    return this.#text.slice(from, to)
  }
}

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    children.push(child)
  }
  return children
}

function isOperand(name: string): boolean {
  return /(?:Expr|Selector|Call|Literal)$/.test(name)
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((label) => right.has(label))
}

function union(all: readonly Labels[]): Labels {
  const vectors = all.filter((labels) => labels !== undefined)
  return vectors.length === 0 ? undefined : new Set(vectors.flatMap((labels) => [...labels]))
}
