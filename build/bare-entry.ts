/**
 * The entry of the build is a script: a Node that knows no modules, or is told of none by a package.json
 * that it cannot read, parses it too (gateway/main.ts). Rolldown ends a module without exports in
 * `export{}`.
 */
import type { Plugin } from 'rolldown'

export function bareEntry(): Plugin {
  return {
    name: 'bare-entry',
    generateBundle: (_options, bundle) => {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk' || file.name !== 'main') continue
        if (file.imports.length > 0)
          throw new Error(`${file.fileName} imports ${file.imports.join()}`)
        file.code = file.code.replace(/export\s*\{\s*\};?/, '')
      }
    },
  }
}
