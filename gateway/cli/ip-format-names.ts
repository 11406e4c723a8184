/** The values of `ips --format`. Separate from the formats, because every command loads this file. */
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
