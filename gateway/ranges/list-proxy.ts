/**
 * The proxy that HTTPS_PROXY and NO_PROXY select for a URL. Node's own `proxyEnv` is not used. Its NO_PROXY
 * excludes no subdomains, unlike curl's and Go's. It connects directly if the proxy's scheme is unknown to
 * it. And an aborted request does not close its connection to a silent proxy.
 */

/** @throws if a variable is not the URL of an HTTP proxy; the message does not contain the value. */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): URL | undefined {
  // Lower case first, as curl does. HTTP_PROXY is read last, because many set only that.
  const text = read(env, 'https_proxy') ?? read(env, 'http_proxy')
  if (text === undefined || isExcluded(target, read(env, 'no_proxy') ?? '')) return undefined
  const proxy = URL.parse(text)
  if (proxy === null || !['http:', 'https:'].includes(proxy.protocol)) {
    throw new Error('HTTPS_PROXY or HTTP_PROXY is not an http or https URL')
  }
  return proxy
}

function read(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return [env[name], env[name.toUpperCase()]].find((value) => value !== undefined && value !== '')
}

/** NO_PROXY: names with their subdomains, addresses, `*`, each with or without a port. */
function isExcluded({ hostname, port }: URL, list: string): boolean {
  const host = plainHost(hostname)
  return list.split(/[,\s]+/).some((entry) => {
    const [, name = entry, onlyPort] = /^(\[.+\]|[^:]+):(\d+)$/.exec(entry) ?? []
    if (onlyPort !== undefined && onlyPort !== (port === '' ? '443' : port)) return false
    return name === '*' || isWithin(host, name)
  })
}

function isWithin(host: string, name: string): boolean {
  const domain = plainHost(name.replace(/^\*?\./, ''))
  if (domain === '') return false
  return host.endsWith(`.${domain}`) || (host === domain && !name.startsWith('*'))
}

/** Without brackets, and without the dot that ends a fully qualified name. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.+)\]$/, '$1')
    .replace(/(.)\.$/, '$1')
}
