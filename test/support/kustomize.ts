/** The output of `kubectl kustomize` for a folder, read as the API server reads it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { IDeployment as Deployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IStatefulSet as StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IHorizontalPodAutoscaler as HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IConfigMap as ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IContainer as Container } from 'kubernetes-models/v1/Container'
import type { INamespace as Namespace } from 'kubernetes-models/v1/Namespace'
import type { IPodSpec as PodSpec } from 'kubernetes-models/v1/PodSpec'
import type { IService as Service } from 'kubernetes-models/v1/Service'
import type { IServiceAccount as ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import type { IIngress as Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { INetworkPolicy as NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IPodDisruptionBudget as PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { parseAllDocuments } from 'yaml'

export const manifestFolder = path.resolve('deploy/kubernetes')

/** Each folder that is a kustomization, and not a component of others. */
export const kustomizations = [
  'base',
  'companion',
  ...readdirSync(path.join(manifestFolder, 'examples')).map((name) => `examples/${name}`),
]

export interface Kinds {
  ConfigMap: ConfigMap
  Deployment: Deployment
  HorizontalPodAutoscaler: HorizontalPodAutoscaler
  Ingress: Ingress
  Namespace: Namespace
  NetworkPolicy: NetworkPolicy
  PodDisruptionBudget: PodDisruptionBudget
  Service: Service
  ServiceAccount: ServiceAccount
  StatefulSet: StatefulSet
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const built = new Map<string, readonly Manifest[]>()

/** Cached, so the manifests must not be changed. */
export function build(kustomization: string): readonly Manifest[] {
  const manifests =
    built.get(kustomization) ?? buildFolder(path.join(manifestFolder, kustomization))
  built.set(kustomization, manifests)
  return manifests
}

/**
 * A kustomization of a user.
 * @param files by name; `DEPLOY` in them is replaced with deploy/kubernetes.
 */
export function buildFiles(files: Readonly<Record<string, string>>): readonly Manifest[] {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'kustomize-')))
  try {
    const deploy = path.relative(folder, manifestFolder)
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(folder, name), text.replaceAll('DEPLOY', deploy))
    }
    return buildFolder(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function buildFolder(folder: string): readonly Manifest[] {
  return manifestsIn(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }))
}

/** Kubernetes reads YAML 1.1, where 0440 is octal. */
export function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as Manifest)
}

export function ofKind<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K): Kinds[K][] {
  return manifests.filter((manifest) => manifest.kind === kind) as unknown as Kinds[K][]
}

/** The pod of any workload. */
export interface Pod {
  readonly of: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: PodSpec
}

export function podsIn(manifests: readonly Manifest[]): readonly Pod[] {
  const workloads = [...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'StatefulSet')]
  return workloads.flatMap(({ metadata, spec }) => {
    const template = spec?.template
    if (template?.spec === undefined) return []
    const labels = template.metadata?.labels ?? {}
    const namespace = metadata?.namespace ?? 'default'
    return [{ of: metadata?.name ?? '', namespace, labels, spec: template.spec }]
  })
}

export function podOf(manifests: readonly Manifest[], name: string): Pod {
  const pod = podsIn(manifests).find(({ of }) => of === name)
  if (pod === undefined) throw new Error(`no ${name}`)
  return pod
}

export function containersOf({ initContainers = [], containers }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers]
}

export function isGateway({ image = '' }: Container): boolean {
  return /(?:^|\/)inngest-gateway[:@]/.test(image)
}

export function gatewayIn(pod: Pod): Container | undefined {
  return containersOf(pod.spec).find(isGateway)
}
