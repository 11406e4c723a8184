/**
 * The programs that tests start beside Node, in groups. A test that starts one says so by the tag of its
 * group: `// @module-tag redis` in a file whose every test does, else `it('…', { tags: ['redis'] }, …)`.
 * declared.ts fails a test that starts a program without the tag, unless a shell starts it. A new program
 * is a row here.
 */

export interface Group {
  readonly name: string
  /** What its tests are about, for the list of those that were not run. */
  readonly subject: string
  readonly programs: readonly Program[]
  /** Names of the programs that the tests of this group build with them. */
  readonly builds?: readonly string[]
  /** Its tests need root, or sudo without a password. */
  readonly asRoot?: boolean
}

export interface Program {
  readonly command: string
  /** The Debian package that brings it; without one, install.ts knows how to get it. */
  readonly debianPackage?: string
  /** A program of that name is too old unless it prints this. */
  readonly prints?: { readonly args: readonly string[]; readonly text: RegExp }
}

const fromPackage = (debianPackage: string, command = debianPackage): Program => ({
  command,
  debianPackage,
})

export const groups = [
  {
    name: 'proxies',
    subject: 'real proxies in front of the gateway',
    programs: [fromPackage('nginx'), fromPackage('haproxy'), fromPackage('caddy')],
  },
  {
    name: 'ingress',
    subject: 'real Envoy and Traefik in front of the gateway',
    programs: [
      { command: 'envoy', prints: { args: ['--version'], text: /\/1\.40\./ } },
      { command: 'traefik', prints: { args: ['version'], text: /^Version: +3\.7\./m } },
    ],
  },
  {
    name: 'clients',
    subject: "Go's HTTP client and curl",
    programs: [fromPackage('golang-go', 'go'), fromPackage('curl')],
    builds: ['go-client'],
  },
  {
    name: 'go-sdk',
    subject: 'durable endpoints of the Go SDK',
    programs: [
      {
        command: 'go',
        debianPackage: 'golang-go',
        // The first that fetches a newer release if a go.mod asks for one, as the SDK's does.
        prints: { args: ['version'], text: /^go version go1\.(?:2[1-9]|[3-9]\d)/ },
      },
    ],
    builds: ['go-durable-app'],
  },
  {
    name: 'redis',
    subject: 'the replay cache in Redis and Valkey',
    programs: [
      fromPackage('redis-server'),
      fromPackage('redis-tools', 'redis-cli'),
      fromPackage('valkey-server'),
    ],
  },
  {
    name: 'old-node',
    subject: 'what an old Node says of the gateway',
    programs: [
      {
        command: 'nodejs',
        debianPackage: 'nodejs',
        prints: { args: ['--version'], text: /^v(?:1\d|2[0-3])\./ },
      },
    ],
  },
  {
    name: 'workflows',
    subject: 'the hosted workflows and forms of .github',
    programs: [
      {
        command: 'go',
        debianPackage: 'golang-go',
        // Builds actionlint, which needs a newer one and fetches it.
        prints: { args: ['version'], text: /^go version go1\.(?:2[1-9]|[3-9]\d)/ },
      },
      { command: 'zizmor', prints: { args: ['--version'], text: /^zizmor 1\.32\./ } },
      fromPackage('python3-pip', 'pip3'),
      fromPackage('unzip'),
    ],
  },
  { name: 'browser', subject: 'the status page in a browser', programs: [fromPackage('chromium')] },
  {
    name: 'site',
    subject: 'the documentation as a site',
    programs: [{ command: 'vitepress' }],
  },
  {
    name: 'kubernetes',
    subject: 'the manifests and the chart of deploy',
    programs: [
      {
        command: 'kubectl',
        // Kustomize's components, which the manifests use, are unknown to Debian 12's kubectl.
        prints: { args: ['version', '--client'], text: /^Kustomize Version: v5/m },
      },
      {
        command: 'helm',
        prints: { args: ['version'], text: /Version:"v4\./ },
      },
      // Of the commands in deploy/kubernetes/README.md.
      fromPackage('openssl'),
    ],
  },
  {
    name: 'compose',
    subject: 'the example of deploy/compose',
    programs: [fromPackage('docker-compose')],
  },
  {
    name: 'prometheus',
    subject: 'the alert rules of deploy/observability',
    programs: [fromPackage('prometheus'), fromPackage('prometheus', 'promtool')],
  },
  {
    name: 'docker',
    subject: 'the image and the example of deploy/compose, built and run',
    programs: [
      fromPackage('docker.io', 'dockerd'),
      fromPackage('docker-cli', 'docker'),
      fromPackage('busybox-static', 'busybox'),
    ],
    asRoot: true,
  },
  {
    name: 'nspawn',
    subject: 'the unit and the Debian package, in a booted Debian',
    programs: [fromPackage('systemd-container', 'systemd-nspawn'), fromPackage('mmdebstrap')],
    asRoot: true,
  },
  {
    name: 'systemd',
    subject: 'the unit of deploy/systemd',
    programs: [fromPackage('systemd', 'systemd-analyze')],
  },
  {
    name: 'nftables',
    subject: 'what `ips` writes for nftables',
    programs: [fromPackage('nftables', 'nft')],
  },
  {
    name: 'botocore',
    subject: "what `ips` writes for AWS WAF, by the model of AWS's own client",
    programs: [
      {
        command: 'python3',
        debianPackage: 'python3-botocore',
        prints: { args: ['-c', 'import botocore; print("found")'], text: /found/ },
      },
    ],
  },
  {
    name: 'shells',
    subject: 'completion in zsh and fish',
    programs: [fromPackage('zsh'), fromPackage('fish')],
  },
] as const satisfies readonly Group[]

export type GroupName = (typeof groups)[number]['name']

declare module 'vitest' {
  interface TestTags {
    tags: GroupName
  }
}
