/**
 * Checks manifests against the published schemas of Kubernetes, of the Gateway API and of the Prometheus
 * operator, from packages with pinned versions. Their types find unknown keys, which the API server drops, so
 * that an object would run without the protection that a misspelt key was meant to give. Their JSON schemas
 * find wrong values.
 */
import path from 'node:path'

import ts from 'typescript'

import type { Manifest } from './kustomize.ts'

/** Each has a module for each kind, `<apiVersion>/<Kind>`. */
const packages: Readonly<Record<string, string>> = {
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
}

/** Kinds whose schema is in none of the packages. */
export function isForeign({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith('gateway.envoyproxy.io/')
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const [group = ''] = apiVersion.split('/')
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`
}

const literalFile = path.resolve('test/support/literals.ts')

/** @returns the compiler's errors for the manifests as literals of the types, one line for each. */
export function unknownKeysIn(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map((manifest, i) => {
    const type = `import('${moduleOf(manifest)}').I${manifest.kind}`
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
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) => {
    const manifest = manifests[literals.getLineAndCharacterOfPosition(start).line]
    return `${nameOf(manifest)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

function nameOf(manifest: Manifest | undefined): string {
  return manifest === undefined ? 'unknown' : `${manifest.kind} ${manifest.metadata.name}`
}

type Models = Readonly<Record<string, new (manifest: Manifest) => { validate(): void }>>

/** @returns the violations of the JSON schemas, one line for each invalid manifest. */
export async function wrongValuesIn(manifests: readonly Manifest[]): Promise<string[]> {
  const wrong: string[] = []
  for (const manifest of manifests) {
    const models = (await import(moduleOf(manifest))) as Models
    const Model = models[manifest.kind]
    if (Model === undefined) throw new Error(`no schema of ${manifest.kind}`)
    try {
      new Model(manifest).validate()
    } catch (error) {
      wrong.push(`${nameOf(manifest)}: ${String(error)}`)
    }
  }
  return wrong
}
