/** Paths, queries, hosts and URLs with other names: the same name becomes the same everywhere in a recording. */
import { fill } from './fill.ts'
import { Unredactable, type Placeholders } from './placeholders.ts'

/** What Inngest's protocol and its documentation name. */
export const publicText: ReadonlySet<string> = new Set([
  ...['step', 'trust', 'api', 'inngest', 'localhost'],
])

const LOOPBACK = '127.0.0.1'

/** @param app the configured app that `fnId` belongs to; its id becomes a placeholder of its own. */
export function redactTarget(target: string, app: string, placeholders: Placeholders): string {
  const mark = target.indexOf('?')
  if (mark === -1) return redactPath(target, placeholders)
  const query = redactQuery(target.slice(mark + 1), app, placeholders)
  return `${redactPath(target.slice(0, mark), placeholders)}?${query}`
}

export function redactPath(path: string, placeholders: Placeholders): string {
  return path
    .split('/')
    .map((segment) => redactName(segment, placeholders))
    .join('/')
}

/** With its port, if it has one: that shows whether a proxy names the same port everywhere. */
export function redactHost(host: string, placeholders: Placeholders): string {
  const [, bracketed, name = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:]*))(:\d{1,5})?$/.exec(host) ?? []
  if (bracketed !== undefined) return `[${placeholders.ofAddress(bracketed)}]${port}`
  if (name === '' && host !== '') return placeholders.of(host)
  return `${redactHostName(name, placeholders)}${port}`
}

function redactHostName(name: string, placeholders: Placeholders): string {
  if (name === LOOPBACK) return name
  const labels = name.toLowerCase().split('.')
  return labels.map((label) => redactName(label, placeholders)).join('.')
}

/** @returns undefined if it is no absolute URL. */
export function redactUrl(url: string, placeholders: Placeholders): string | undefined {
  const [, scheme, authority = '', path = '', query] =
    /^(https?):\/\/([\w.:[\]-]*)(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(url) ?? []
  if (scheme === undefined) return undefined
  const target = redactTarget(query === undefined ? path : `${path}?${query}`, '', placeholders)
  return `${scheme}://${redactHost(authority, placeholders)}${target}`
}

const PARAMETERS = /^(?:fnId|stepId|probe|deployId)$/i

function redactQuery(query: string, app: string, placeholders: Placeholders): string {
  return query
    .split('&')
    .map((parameter) => {
      const mark = parameter.indexOf('=')
      const name = mark === -1 ? parameter : parameter.slice(0, mark)
      if (!PARAMETERS.test(name)) return mark === -1 ? fill(name) : fillParameter(parameter, mark)
      const value = mark === -1 ? '' : parameter.slice(mark + 1)
      // A header may repeat it in another spelling.
      if (/[%+;]/.test(value)) throw new Unredactable('a parameter with escapes')
      const redacted = name === 'fnId' ? redactFunction(value, app, placeholders) : undefined
      return `${name}${mark === -1 ? '' : '='}${redacted ?? redactName(value, placeholders)}`
    })
    .join('&')
}

function fillParameter(parameter: string, mark: number): string {
  return `${fill(parameter.slice(0, mark))}=${fill(parameter.slice(mark + 1))}`
}

/** `<app>-<function>`: which app it is for depends on the first part. */
function redactFunction(fnId: string, app: string, placeholders: Placeholders): string | undefined {
  if (app === '' || !fnId.startsWith(`${app}-`)) return undefined
  return `${placeholders.of(app)}-${placeholders.of(fnId.slice(app.length + 1))}`
}

function redactName(name: string, placeholders: Placeholders): string {
  return publicText.has(name) ? name : placeholders.of(name)
}
