/**
 * Variables by which libraries would do what the configuration does not say. The environment may be
 * one that the gateway shares with the app.
 */
const IGNORED = [
  // ioredis writes its commands to stderr, the one with the password among them.
  'DEBUG',
  // http-proxy-3 calls the app by `fetch`, which follows redirects and knows no authorities of ours.
  'FORCE_FETCH_PATH',
]

/** To be called before any of them is loaded. */
export function ignoreEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of IGNORED) Reflect.deleteProperty(env, name)
}
