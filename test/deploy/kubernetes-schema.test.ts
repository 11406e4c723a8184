/** Every object of deploy/kubernetes and of the chart, held against published schemas. */
// @module-tag kubernetes
import { describe, expect, it } from 'vitest'

import { render, renderExample, valueFiles } from '../support/helm.ts'
import { build, kustomizations, type Manifest } from '../support/kustomize.ts'
import { isForeign, unknownKeysIn, wrongValuesIn } from '../support/published-schemas.ts'

const all: readonly Manifest[] = [
  ...kustomizations.flatMap((folder) => build(folder)),
  ...valueFiles.flatMap((file) => render(file)),
  ...renderExample('sidecar'),
]
const known = all.filter((manifest) => !isForeign(manifest))

describe('every object', () => {
  it('has only keys of its schema, and all that are required', () => {
    expect(unknownKeysIn(known)).toEqual([])
  })

  it('has only values that its schema allows', async () => {
    expect(await wrongValuesIn(known)).toEqual([])
  })

  it('has a published schema, apart from those of Envoy Gateway', () => {
    const kinds = new Set(known.map(({ kind }) => kind))
    for (const kind of [
      'Gateway',
      'HTTPRoute',
      'ReferenceGrant',
      'PodMonitor',
      'PrometheusRule',
      'ServiceMonitor',
    ]) {
      expect(kinds).toContain(kind)
    }
    expect([...new Set(all.filter(isForeign).map(({ kind }) => kind))].sort()).toEqual([
      'ClientTrafficPolicy',
      'SecurityPolicy',
    ])
  })
})

/** @returns the first object that has `right`, with `wrong` in its place, and the name of the mistake. */
function altered([name, right, wrong]: readonly [string, string, string]): Manifest {
  const found = known.map((each) => JSON.stringify(each)).find((text) => text.includes(right)) ?? ''
  const manifest = JSON.parse(found.replace(right, wrong)) as Manifest
  return { ...manifest, metadata: { ...manifest.metadata, name } }
}

const namesIn = (lines: readonly string[]) =>
  lines.map((line) => /^\w+ ([^:]+): /.exec(line)?.[1]).sort()

describe('what would be wrong', () => {
  it('is found by the types', () => {
    const mistakes: readonly (readonly [string, string, string])[] = [
      ['a misspelt key', '"readOnlyRootFilesystem"', '"readOnlyRootFileSystem"'],
      ['a text for a truth', '"runAsNonRoot":true', '"runAsNonRoot":"true"'],
      ['a key in the wrong place', '"podSelector":', '"pods":'],
      ['a list for a mapping', '"httpGet":{"path"', '"httpGet":[{}],"x":{"path"'],
      ['a misspelt key of a route', '"backendRefs"', '"backends"'],
      ['a misspelt key of an alert', '"annotations":{"summary"', '"annotation":{"summary"'],
    ]
    const found = unknownKeysIn(mistakes.map(altered))
    expect(namesIn(found)).toEqual(mistakes.map(([name]) => name).sort())
  })

  it('is found by the JSON schemas', async () => {
    const mistakes: readonly (readonly [string, string, string])[] = [
      ['a duration unknown to the Gateway API', '"request":"7500s"', '"request":"2h 5m"'],
      ['a duration unknown to Prometheus', '"for":"2m"', '"for":"2 minutes"'],
      ['an unknown type of path', '"type":"Exact"', '"type":"Exactly"'],
      ['a text for a number', '"containerPort":8080', '"containerPort":"8080"'],
    ]
    const found = await wrongValuesIn(mistakes.map(altered))
    expect(namesIn(found)).toEqual(mistakes.map(([name]) => name).sort())
  })
})
