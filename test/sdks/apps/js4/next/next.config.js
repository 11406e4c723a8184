import path from 'node:path'

// The functions and packages are those of the folder above.
const root = path.resolve(import.meta.dirname, '..')

export default {
  turbopack: { root },
  outputFileTracingRoot: root,
  serverExternalPackages: ['inngest', '@inngest/middleware-encryption'],
}
