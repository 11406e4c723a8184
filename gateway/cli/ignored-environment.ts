/**
 * Variables that make libraries act against the configuration. The gateway may share its environment with the
 * app.
 */
const IGNORED = [
  // ioredis writes its commands to stderr, including the one with the password.
  'DEBUG',
]

/** To be called before any of these libraries is loaded. */
export function ignoreEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of IGNORED) Reflect.deleteProperty(env, name)
}
