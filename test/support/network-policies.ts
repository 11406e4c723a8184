/**
 * The peers that may connect to a pod by the NetworkPolicies of its namespace, as Kubernetes defines it: a pod
 * that no policy selects accepts all peers; otherwise a rule of a policy has to admit the peer. Address blocks
 * only admit peers outside the cluster, and only numeric ports are supported.
 */
import type { INetworkPolicy as NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { INetworkPolicyPeer as NetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer'

type Labels = Readonly<Record<string, string>>

type LabelSelector = NonNullable<NetworkPolicyPeer['podSelector']>

export interface Peer {
  readonly namespace: string
  readonly labels: Labels
}

export function isAdmitted(
  policies: readonly NetworkPolicy[],
  to: Peer,
  from: Peer | 'outside',
  port: number,
): boolean {
  const selecting = policies.filter(
    ({ metadata, spec }) =>
      (metadata?.namespace ?? 'default') === to.namespace &&
      (spec?.policyTypes ?? ['Ingress']).includes('Ingress') &&
      isSelected(spec?.podSelector, to.labels),
  )
  if (selecting.length === 0) return true
  const rules = selecting.flatMap(({ spec }) => spec?.ingress ?? [])
  return rules.some((rule) => {
    const ports = rule.ports ?? []
    const fitsPort = ports.length === 0 || ports.some((each) => each.port === port)
    const peers = rule.from ?? []
    return fitsPort && (peers.length === 0 || peers.some((peer) => isPeer(peer, from, to)))
  })
}

function isPeer(peer: NetworkPolicyPeer, from: Peer | 'outside', to: Peer): boolean {
  if (peer.ipBlock !== undefined) return from === 'outside'
  if (from === 'outside') return false
  const fitsNamespace =
    peer.namespaceSelector === undefined
      ? from.namespace === to.namespace
      : isSelected(peer.namespaceSelector, { 'kubernetes.io/metadata.name': from.namespace })
  return fitsNamespace && isSelected(peer.podSelector, from.labels)
}

/** An empty or missing selector selects everything. */
export function isSelected(selector: LabelSelector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {}
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`${operator} is not understood here`)
      return values.includes(labels[key] ?? '')
    })
  )
}
