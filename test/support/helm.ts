/** The output of `helm template` for the chart, read as the API server reads it. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { stringify } from 'yaml'

import { chartFolder } from './chart-values.ts'
import { manifestsIn, type Manifest } from './kustomize.ts'
import { runProgram, type Ended } from './program.ts'

/** The value files that the chart is rendered with, each for another use. */
export const valueFiles = readdirSync(path.join(chartFolder, 'ci')).map((name) =>
  path.join(chartFolder, 'ci', name),
)

export function valueFile(name: string): string {
  return path.join(chartFolder, 'ci', `${name}-values.yaml`)
}

const rendered = new Map<string, readonly Manifest[]>()

/** The objects have the same names as in deploy/kubernetes. */
export function render(values: string): readonly Manifest[] {
  const manifests = rendered.get(values) ?? manifestsOf(template(chartFolder, ['--values', values]))
  rendered.set(values, manifests)
  return manifests
}

/** @param over values that override those of a file. */
export function renderOver(values: string, over: object): Ended {
  const folder = mkdtempSync(path.join(tmpdir(), 'values-'))
  try {
    const file = path.join(folder, 'over.yaml')
    writeFileSync(file, stringify(over))
    return template(chartFolder, ['--values', values, '--values', file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The chart of an app of deploy/helm/examples, with the chart of the gateway as its dependency. */
export function renderExample(name: string): readonly Manifest[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'charts-'))
  try {
    symlinkSync(path.resolve(chartFolder), path.join(folder, 'inngest-gateway'))
    const app = path.join(folder, 'examples', name)
    mkdirSync(path.dirname(app))
    cpSync(path.join('deploy/helm/examples', name), app, { recursive: true })
    const { code, said } = runProgram('helm', ['dependency', 'update', '--skip-refresh', app])
    if (code !== 0) throw new Error(said)
    return manifestsOf(template(app))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function template(chart: string, options: readonly string[] = []): Ended {
  return runProgram('helm', ['template', 'inngest-gateway', chart, ...options])
}

export function manifestsOf({ code, said }: Ended): readonly Manifest[] {
  if (code !== 0) throw new Error(said)
  // The lines that Helm logs about the links to deploy/observability.
  return manifestsIn(said.replaceAll(/^level=INFO msg="found symbolic link .*\n/gm, ''))
}
