/** What `ips --format` takes. Apart from the formats, since every command loads it. */
export const ipFormats = [
  'cidr',
  'json',
  'nginx',
  'haproxy',
  'nftables',
  'aws-waf',
  'networkpolicy',
  'terraform',
] as const

export type IpFormat = (typeof ipFormats)[number]
