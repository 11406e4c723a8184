/** The rules for every pod of deploy/kubernetes, one in each property. */
import type { IContainer as Container } from 'kubernetes-models/v1/Container'
import type { IPodSpec as PodSpec } from 'kubernetes-models/v1/PodSpec'
import type { IProbe as Probe } from 'kubernetes-models/v1/Probe'

import { containersOf, isGateway } from './kustomize.ts'

type PodRule = (spec: PodSpec) => boolean

export const podRules = {
  'runs as a user other than root': eachContainer(
    ({ securityContext: own }, { securityContext: all }) => {
      const user = own?.runAsUser ?? all?.runAsUser
      return (own?.runAsNonRoot ?? all?.runAsNonRoot) === true && user !== undefined && user > 0
    },
  ),
  'has the seccomp profile of the runtime': eachContainer(
    ({ securityContext: own }, { securityContext: all }) =>
      (own?.seccompProfile ?? all?.seccompProfile)?.type === 'RuntimeDefault',
  ),
  'drops every capability': eachContainer(({ securityContext: own }) => {
    const { drop, add = [] } = own?.capabilities ?? {}
    return drop?.includes('ALL') === true && add.length === 0
  }),
  'cannot gain privileges': eachContainer(
    ({ securityContext: own }) =>
      own?.allowPrivilegeEscalation === false && own.privileged !== true,
  ),
  'has a read-only root': eachContainer(
    ({ securityContext: own }) => own?.readOnlyRootFilesystem === true,
  ),
  'has no token of the Kubernetes API': ({ automountServiceAccountToken }) =>
    automountServiceAccountToken === false,
  'shares nothing of its node': ({ hostNetwork, hostPID, hostIPC, volumes = [] }) =>
    [hostNetwork, hostPID, hostIPC].every((is) => is !== true) &&
    volumes.every(({ hostPath }) => hostPath === undefined),
  'asks for what it needs and is bounded': eachContainer(({ resources }) =>
    [resources?.requests, resources?.limits].every(
      (some) => some?.['cpu'] !== undefined && some['memory'] !== undefined,
    ),
  ),
  'mounts directories, which change with their source': eachContainer(({ volumeMounts = [] }) =>
    volumeMounts.every(({ subPath, subPathExpr }) => (subPath ?? subPathExpr) === undefined),
  ),
  'mounts configuration and secrets read-only': eachContainer(
    ({ volumeMounts = [] }, { volumes = [] }) =>
      volumeMounts.every(({ name, readOnly }) => {
        const volume = volumes.find((other) => other.name === name)
        return readOnly === true || volume?.emptyDir !== undefined
      }),
  ),
  'takes secrets by reference': eachContainer(({ env = [], args = [], command = [] }) => {
    const values = env.filter(({ name }) => /KEY|SECRET|PASSWORD|TOKEN/.test(name))
    return (
      values.every(({ value }) => value === undefined) &&
      [...args, ...command].every((text) => !/signkey-|requirepass|--pass\b/.test(text))
    )
  }),
  'names a version of its image': eachContainer(({ image = '' }) =>
    /^[^@\s]+(?::(?!latest)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image),
  ),
  'says when it is ready and alive': eachContainer(
    ({ readinessProbe, livenessProbe }) =>
      readinessProbe !== undefined && livenessProbe !== undefined,
  ),
  'has the gateway probed on its ops port': eachContainer(
    (container) => !isGateway(container) || hasGatewayProbes(container),
  ),
} as const satisfies Record<string, PodRule>

export type PodRuleName = keyof typeof podRules

/** @returns the names of the rules that the pod breaks. */
export function brokenRules(spec: PodSpec): string[] {
  return Object.entries(podRules).flatMap(([name, holds]) => (holds(spec) ? [] : [name]))
}

function eachContainer(holds: (container: Container, pod: PodSpec) => boolean): PodRule {
  return (pod) => containersOf(pod).every((container) => holds(container, pod))
}

function hasGatewayProbes({
  ports = [],
  startupProbe,
  readinessProbe,
  livenessProbe,
}: Container): boolean {
  const goesTo = (probe: Probe | undefined, path: string) => {
    const port = probe?.httpGet?.port
    const number = ports.find(({ name }) => name === port)?.containerPort ?? port
    return probe?.httpGet?.path === path && number === 9090
  }
  return (
    goesTo(startupProbe, '/healthz') &&
    goesTo(readinessProbe, '/readyz') &&
    goesTo(livenessProbe, '/healthz')
  )
}
