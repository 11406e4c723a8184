/**
 * What each adapter of the JS SDK registers behind a route with `serveOrigin: https://…`, for the table in
 * docs/how-to/sync.md; registered-origin.test.ts measures it with the adapters.
 */
type Scheme = 'http' | 'https'

export const nodeEnvironments = ['unset', 'development', 'production'] as const

export type NodeEnvironment = (typeof nodeEnvironments)[number]

export interface AdapterSchemes {
  /** Replaces `serve({ serveOrigin })` if the option has another place. */
  readonly option?: string
  /** The framework's own setting, if there is one that makes the adapter read `X-Forwarded-Proto`. */
  readonly setting?: string
  readonly registers: Readonly<Record<NodeEnvironment, Scheme>>
}

const always = (scheme: Scheme) => ({ unset: scheme, development: scheme, production: scheme })

const unlessProduction = { unset: 'http', development: 'http', production: 'https' } as const

export const adapterSchemes: Readonly<Record<string, AdapterSchemes>> = {
  astro: { registers: always('http') },
  bun: { registers: always('http') },
  cloudflare: { registers: always('http') },
  edge: { registers: always('http') },
  express: { registers: always('http'), setting: "app.set('trust proxy', 'loopback')" },
  fastify: {
    registers: always('http'),
    option: 'register(inngestFastify, { …, options: { serveOrigin } })',
    setting: "Fastify({ trustProxy: 'loopback' })",
  },
  h3: { registers: unlessProduction },
  hono: { registers: always('http') },
  koa: { registers: always('http'), setting: 'new Koa({ proxy: true })' },
  lambda: { registers: always('https') },
  'next (app)': { registers: always('http') },
  'next (pages)': { registers: { unset: 'https', development: 'http', production: 'https' } },
  nitro: { registers: unlessProduction },
  node: { registers: always('https') },
  nuxt: { registers: unlessProduction },
  remix: { registers: always('http') },
  sveltekit: { registers: always('http') },
}
