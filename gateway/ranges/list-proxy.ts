/**
 * Which proxy HTTPS_PROXY and NO_PROXY name for a URL. Node's own `proxyEnv` does not fit: it takes `example.com` in
 * NO_PROXY for that name alone (curl and Go: its subdomains too), connects directly if it does not know the proxy's
 * scheme, and does not end a connection to a silent proxy when the request is aborted.
 */

/** @throws for a variable that holds no URL of an HTTP proxy; the message leaves the value out. */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): URL | undefined {
  // Lower case first, as curl does. HTTP_PROXY is the last resort: many set nothing else.
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
