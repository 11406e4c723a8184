/** The objects of the Envoy Gateway example, and the Envoy configuration that Envoy Gateway makes from them. */
import { build } from './kustomize.ts'

export interface ExtAuth {
  readonly bodyToExtAuth: { readonly maxRequestBytes: number }
  readonly failOpen: boolean
  readonly headersToExtAuth: readonly string[]
  readonly http: { readonly backendRefs: readonly unknown[] }
  readonly statusOnError: number
  readonly timeout: string
}

export interface EarlyRequestHeaders {
  readonly remove: readonly string[]
  readonly removeOnMatch: readonly { readonly type: string; readonly value: string }[]
}

interface Spec {
  readonly spec: {
    readonly extAuth: ExtAuth
    readonly headers: { readonly earlyRequestHeaders: EarlyRequestHeaders }
  }
}

function specOf(kind: string): Spec['spec'] {
  const found = build('examples/envoy-gateway-app').find((manifest) => manifest.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return (found as unknown as Spec).spec
}

export const { extAuth } = specOf('SecurityPolicy')
export const { earlyRequestHeaders } = specOf('ClientTrafficPolicy').headers

const matchers: Readonly<Record<string, (value: string) => object>> = {
  Prefix: (value) => ({ prefix: value, ignore_case: true }),
  Suffix: (value) => ({ suffix: value, ignore_case: true }),
  RegularExpression: (value) => ({ safe_regex: { regex: value } }),
}

const typed = (type: string, config: object) => ({
  '@type': `type.googleapis.com/${type}`,
  ...config,
})

/** According to Envoy Gateway 1.9.1: internal/xds/translator, extauth.go and listener.go. */
export function envoyConfig(port: number, authPort: number, appPort: number): object {
  const listener = {
    address: address(port),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: typed(
              'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              connectionManager(),
            ),
          },
        ],
      },
    ],
  }
  const clusters = [cluster('auth', authPort), cluster('app', appPort)]
  return { static_resources: { listeners: [listener], clusters } }
}

function connectionManager(): object {
  const { remove, removeOnMatch } = earlyRequestHeaders
  const mutations = [
    ...remove.map((name) => ({ remove: name })),
    ...removeOnMatch.map(({ type, value }) => ({
      remove_on_match: { key_matcher: matchers[type]?.(value) },
    })),
  ]
  const early = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'
  const router = typed('envoy.extensions.filters.http.router.v3.Router', {})
  return {
    stat_prefix: 'http',
    use_remote_address: true,
    common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
    early_header_mutation_extensions: [
      {
        name: 'envoy.http.early_header_mutation.header_mutation',
        typed_config: typed(early, { mutations }),
      },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'app' } }],
        },
      ],
    },
    http_filters: [extAuthFilter(), { name: 'envoy.filters.http.router', typed_config: router }],
  }
}

function extAuthFilter(): object {
  const patterns = extAuth.headersToExtAuth.map((exact) => ({ exact, ignore_case: true }))
  const uri = { uri: 'http://inngest-gateway-auth', cluster: 'auth', timeout: extAuth.timeout }
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: typed('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
      transport_api_version: 'V3',
      failure_mode_allow: extAuth.failOpen,
      status_on_error: { code: extAuth.statusOnError },
      with_request_body: { max_request_bytes: extAuth.bodyToExtAuth.maxRequestBytes },
      allowed_headers: { patterns },
      http_service: { server_uri: uri },
    }),
  }
}

const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })

function cluster(name: string, port: number): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }]
  return { name, connect_timeout: '5s', load_assignment: { cluster_name: name, endpoints } }
}
