/**
 * The allowed client addresses in formats for firewalls and proxies, with the source and date of each list. A
 * test has each format read by its program.
 */
import type { IpFormat } from './ip-format-names.ts'
import type { IpList } from './ip-lists.ts'

export interface IpDocument {
  readonly lists: readonly IpList[]
  /** The program that wrote the file, and the time. */
  readonly title: string
  /** The port of the traffic listener. */
  readonly port: number
}

/** A text, or a JSON document. */
export function formatIps(format: IpFormat, document: IpDocument): string | object {
  return writers[format](document)
}

const writers = {
  cidr: (document) =>
    lines(
      heading(document),
      eachRange(document.lists, (cidr) => cidr),
    ),
  json: ({ title, lists }) => ({
    title,
    lists,
    ipv4: ofFamily(lists, 4),
    ipv6: ofFamily(lists, 6),
  }),
  nginx: (document) =>
    lines(
      heading(document, 'Include it in a server or location.'),
      eachRange(document.lists, (cidr) => `allow ${cidr};`),
      ['deny all;'],
    ),
  haproxy: (document) =>
    lines(
      heading(document, 'For an ACL: acl from_inngest src -f FILE'),
      eachRange(document.lists, (cidr) => cidr),
    ),
  nftables: (document) =>
    lines(
      heading(
        document,
        'Sets for rules: ip saddr @ipv4, ip6 saddr @ipv6. They are replaced whole.',
      ),
      ...([4, 6] as const).map((family) => nftablesSet(document.lists, family)),
    ),
  'aws-waf': ({ title, lists }) => ({
    title,
    ipv4: wafSet(lists, 4),
    ipv6: wafSet(lists, 6),
  }),
  networkpolicy: networkPolicy,
  terraform: (document) =>
    lines(
      heading(document),
      ['locals {'],
      terraformList(document.lists, 4),
      terraformList(document.lists, 6),
      ['}'],
    ),
} as const satisfies Record<IpFormat, (document: IpDocument) => string | object>

function lines(...parts: readonly (readonly string[])[]): string {
  return parts.flat().join('\n')
}

function heading({ title }: IpDocument, use?: string): string[] {
  return [`# ${title}`, ...(use === undefined ? [] : [`# ${use}`])]
}

/** Every list after a comment with its source. */
function eachRange(
  lists: readonly IpList[],
  write: (cidr: string) => string,
  families: readonly (4 | 6)[] = [4, 6],
): string[] {
  return lists.flatMap(({ source, date, ipv4, ipv6 }) => {
    const cidrs = [...(families.includes(4) ? ipv4 : []), ...(families.includes(6) ? ipv6 : [])]
    return cidrs.length === 0 ? [] : [`# ${source}, ${date}`, ...cidrs.map(write)]
  })
}

function ofFamily(lists: readonly IpList[], family: 4 | 6): string[] {
  return lists.flatMap(({ ipv4, ipv6 }) => (family === 4 ? ipv4 : ipv6))
}

function indented(depth: number, text: readonly string[]): string[] {
  return text.map((line) => ' '.repeat(depth) + line)
}

/** All in one transaction. Lists may overlap, so the elements are merged. */
function nftablesSet(lists: readonly IpList[], family: 4 | 6): string[] {
  const name = `ipv${String(family)}`
  const elements = eachRange(lists, (cidr) => `${cidr},`, [family])
  return [
    'table inet inngest {',
    `  set ${name} {`,
    `    type ${name}_addr`,
    '    flags interval',
    '    auto-merge',
    '  }',
    '}',
    `flush set inet inngest ${name}`,
    ...(elements.length === 0
      ? []
      : [`add element inet inngest ${name} {`, ...indented(2, elements), '}']),
  ]
}

/** The input of CreateIPSet, whose description allows only these characters, and 256 of them. */
function wafSet(lists: readonly IpList[], family: 4 | 6): object {
  const name = family === 4 ? 'ipv4' : 'ipv6'
  const sources = lists.filter((list) => list[name].length > 0)
  const text = sources.map(({ source, date }) => `${source}, ${date}`).join(' - ')
  const description = text.replaceAll(/[^\w+=:#@/,. -]/g, '-').slice(0, 256)
  return {
    Name: `inngest-${name}`,
    Scope: 'REGIONAL',
    ...(description !== '' && { Description: description.trim() }),
    IPAddressVersion: name.toUpperCase(),
    Addresses: ofFamily(lists, family),
  }
}

function networkPolicy(document: IpDocument): string {
  return lines(
    heading(
      document,
      'The source address must arrive: externalTrafficPolicy: Local on the Service.',
    ),
    [
      'apiVersion: networking.k8s.io/v1',
      'kind: NetworkPolicy',
      'metadata:',
      '  name: inngest-gateway-from-inngest',
      'spec:',
      '  podSelector:',
      '    matchLabels:',
      '      app.kubernetes.io/name: inngest-gateway',
      '  policyTypes: [Ingress]',
      '  ingress:',
      '    - ports:',
      `        - { protocol: TCP, port: ${String(document.port)} }`,
      '      from:',
    ],
    indented(
      8,
      eachRange(document.lists, (cidr) => `- ipBlock: { cidr: '${cidr}' }`),
    ),
  )
}

function terraformList(lists: readonly IpList[], family: 4 | 6): string[] {
  const elements = eachRange(lists, (cidr) => `"${cidr}",`, [family])
  return [`  inngest_ipv${String(family)} = [`, ...indented(4, elements), '  ]']
}
