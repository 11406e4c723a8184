/**
 * Variables by which libraries would do what the configuration does not say. The environment may be
 * one that the gateway shares with the app.
 */
const IGNORED = [
  // ioredis writes its commands to stderr, the one with the password among them.
  'DEBUG',
]

/** To be called before any of them is loaded. */
export function ignoreEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of IGNORED) Reflect.deleteProperty(env, name)
}
