/**
 * `import` of a module of Node reads every export of it at the first load, and some are getters that load
 * or make much: `WebSocket` of node:http all of undici (22 ms and 12 MB), `rootCertificates` of node:tls
 * every certificate (10 ms and 3 MB). `process.getBuiltinModule` reads none, so that only what the
 * gateway names is read.
 */
import { isBuiltin } from 'node:module'

import type { Plugin } from 'rolldown'

const PREFIX = '\0builtin:'

export function builtinsWithoutExports(): Plugin {
  return {
    name: 'builtins-without-exports',
    resolveId: {
      order: 'pre',
      handler: (id, importer, { kind }) => {
        if (kind !== 'import-statement' || !isBuiltin(id)) return undefined
        // One for each importer, so that it lands in the same part and is no file of its own.
        return { id: `${PREFIX}${id}:${String(importer)}`, moduleSideEffects: false }
      },
    },
    load: (id) => {
      if (!id.startsWith(PREFIX)) return undefined
      const [name = ''] = /^(?:node:)?[^:]+/.exec(id.slice(PREFIX.length)) ?? []
      return moduleOf(name)
    },
  }
}

/** What is not imported of it is left out of the build, since reading it is marked as pure. */
function moduleOf(name: string): string {
  const exported = Object.keys(process.getBuiltinModule(name) ?? {})
  const lines = exported
    .filter((key) => /^[a-z_$][\w$]*$/i.test(key) && key !== 'default')
    .map(
      (key, i) => `const read${String(i)} = /* @__PURE__ */ read('${key}')
export { read${String(i)} as ${key} }`,
    )
  return `const builtin = process.getBuiltinModule('${name}')
const read = (key) => builtin[key]
export default builtin
${lines.join('\n')}`
}
