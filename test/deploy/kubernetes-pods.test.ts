/** Every pod that deploy/kubernetes makes is as closed as it can be; each rule is also seen to be broken. */
// @module-tag kubernetes
import type { IContainer as Container } from 'kubernetes-models/v1/Container'
import type { IPodSpec as PodSpec } from 'kubernetes-models/v1/PodSpec'
import { describe, expect, test } from 'vitest'

import { build, buildFiles, gatewayIn, kustomizations, podsIn } from '../support/kustomize.ts'
import { brokenRules, podRules, type PodRuleName } from '../support/pod-rules.ts'

const pods = kustomizations.flatMap((folder) =>
  podsIn(build(folder)).map((pod) => ({ name: `${pod.of} of ${folder}`, pod })),
)

test.each(pods)('$name keeps to every rule', ({ pod }) => {
  expect(brokenRules(pod.spec)).toEqual([])
})

test('has a gateway in every kustomization but those of an app behind one', () => {
  const without = kustomizations.filter((folder) =>
    podsIn(build(folder)).every((pod) => gatewayIn(pod) === undefined),
  )
  expect(without.sort()).toEqual(['examples/envoy-gateway-app', 'examples/protected-app'])
})

describe('a rule is broken by', () => {
  const sidecar = podsIn(build('examples/sidecar'))[0]?.spec ?? { containers: [] }
  /** What breaks a rule, done to the sidecar: it stands beside the app, so nothing else covers for it. */
  const faults: Record<PodRuleName, (gateway: Container, spec: PodSpec) => void> = {
    'runs as a user other than root': ({ securityContext }) => {
      Object.assign(securityContext ?? {}, { runAsUser: 0 })
    },
    'has the seccomp profile of the runtime': ({ securityContext }) => {
      Object.assign(securityContext ?? {}, { seccompProfile: { type: 'Unconfined' } })
    },
    'drops every capability': ({ securityContext }) => {
      Object.assign(securityContext ?? {}, { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } })
    },
    'cannot gain privileges': ({ securityContext }) => {
      delete securityContext?.allowPrivilegeEscalation
    },
    'has a read-only root': ({ securityContext }) => {
      delete securityContext?.readOnlyRootFilesystem
    },
    'has no token of the Kubernetes API': (_, spec) => {
      delete spec.automountServiceAccountToken
    },
    'shares nothing of its node': (_, spec) => {
      spec.hostNetwork = true
    },
    'asks for what it needs and is bounded': ({ resources }) => {
      delete resources?.limits?.['memory']
    },
    'mounts directories, which change with their source': ({ volumeMounts }) => {
      Object.assign(volumeMounts?.[0] ?? {}, { subPath: 'config.yaml' })
    },
    'mounts configuration and secrets read-only': ({ volumeMounts }) => {
      delete volumeMounts?.[1]?.readOnly
    },
    'takes secrets by reference': (gateway) => {
      gateway.env = [{ name: 'INNGEST_SIGNING_KEY', value: 'written down' }]
    },
    'names a version of its image': (gateway) => {
      gateway.image = 'registry.example.com/inngest-gateway:latest'
    },
    'says when it is ready and alive': (_, { containers }) => {
      delete containers[0]?.readinessProbe
    },
    'has the gateway probed on its ops port': ({ readinessProbe }) => {
      Object.assign(readinessProbe?.httpGet ?? {}, { port: 8080 })
    },
  }

  test.each(Object.keys(podRules) as PodRuleName[])(
    'breaks a rule for each pod that does not keep it: %s',
    (rule) => {
      const spec = structuredClone(sidecar)
      faults[rule](spec.initContainers?.[0] ?? { name: '' }, spec)
      expect(brokenRules(spec)).toEqual([rule])
    },
  )
})

test('reaches the companion and the sidecar with `images` of a kustomization', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  for (const folder of ['companion', 'examples/load-balancer', 'examples/sidecar']) {
    // An example has replaced the name by its own already.
    const name = folder === 'companion' ? '' : 'registry.example.com/'
    const image = {
      name: `${name}inngest-gateway`,
      newName: 'registry.test/gateway/inngest-gateway',
    }
    const kustomization = { resources: [`DEPLOY/${folder}`], images: [{ ...image, digest }] }
    const built = buildFiles({ 'kustomization.yaml': JSON.stringify(kustomization) })
    const images = podsIn(built).flatMap((pod) => gatewayIn(pod)?.image ?? [])
    expect(images).toEqual([`registry.test/gateway/inngest-gateway@${digest}`])
  }
})
