/**
 * The manifests as literals of the types that are made from Kubernetes' OpenAPI: a key that does not
 * exist, a wrong type or a missing key is a mistake for the compiler. The API server forgets unknown keys
 * and so would run without the protection that a misspelt one was meant to give.
 */
// @module-tag kubernetes
import path from 'node:path'

import ts from 'typescript'
import { expect, test } from 'vitest'

import { build, kustomizations, type Manifest } from '../support/kustomize.ts'

/** Of others than Kubernetes itself. */
const foreign = ['gateway.networking.k8s.io/v1']

const literalFile = path.resolve('test/deploy/literals.ts')

/** @returns what the compiler says, one line a mistake. */
function mistakesIn(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map((manifest, i) => {
    const { apiVersion, kind } = manifest
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion]
    const folder = group?.split('.')[0] ?? ''
    const type = `import('kubernetes-types/${folder}/${version ?? ''}.js').${kind}`
    return `export const m${String(i)}: ${type} = ${JSON.stringify(manifest)}`
  })
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
  }
  const host = ts.createCompilerHost(options)
  const literals = ts.createSourceFile(literalFile, lines.join('\n'), ts.ScriptTarget.ES2024)
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) =>
    name === literalFile ? literals : getSourceFile(name, ...rest)
  const fileExists = host.fileExists.bind(host)
  host.fileExists = (name) => name === literalFile || fileExists(name)
  const program = ts.createProgram([literalFile], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

const native = (manifests: readonly Manifest[]) =>
  manifests.filter(({ apiVersion }) => !foreign.includes(apiVersion))

test('defines every manifest as Kubernetes does', () => {
  expect(mistakesIn(kustomizations.flatMap((folder) => native(build(folder))))).toEqual([])
})

test('leaves out only what Kubernetes itself does not define', () => {
  const left = kustomizations.flatMap((folder) =>
    build(folder).filter(({ apiVersion }) => foreign.includes(apiVersion)),
  )
  expect(left.map(({ kind }) => kind)).toEqual(['Gateway', 'HTTPRoute'])
})

test.each([
  ['a misspelt key', '"readOnlyRootFilesystem"', '"readOnlyRootFileSystem"'],
  ['a text for a truth', '"runAsNonRoot":true', '"runAsNonRoot":"true"'],
  ['a key in the wrong place', '"podSelector":', '"pods":'],
  ['a list for a mapping', '"httpGet":{"path"', '"httpGet":[{}],"x":{"path"'],
])('%s would be seen', (_, right, wrong) => {
  const text = JSON.stringify(native(build('base')))
  const altered = text.replace(right, wrong)
  expect(altered).not.toBe(text)
  expect(mistakesIn(JSON.parse(altered) as Manifest[])).toHaveLength(1)
})
