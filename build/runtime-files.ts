/**
 * Files that are read or started at run time: `new URL('…', import.meta.url)` in the source. Programs of
 * threads become parts of the build, what lies beside the source is copied, and `config/` is in the
 * package beside `dist/`.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

import type { Plugin, PluginContext } from 'rolldown'

const NAMED = /new URL\(\s*'([^']+)',\s*import\.meta\.url\s*\)/g

export function runtimeFiles(root: string): Plugin {
  return {
    name: 'runtime-files',
    transform: {
      filter: { id: /\/(?:gateway|conformance)\/.*\.ts$/, code: /import\.meta\.url/ },
      handler(code, id) {
        const replaced = code.replace(NAMED, (_, name: string) => {
          const place = addFile(this, root, path.resolve(path.dirname(id), name))
          return `new URL('${place}', import.meta.url)`
        })
        // Every line stays where it is.
        return { code: replaced, map: null }
      },
    },
  }
}

/** @returns its path as seen from any part. */
function addFile(context: PluginContext, root: string, file: string): string {
  const inRoot = path.relative(root, file)
  if (inRoot.startsWith('config/')) return `../${inRoot}`
  if (file.endsWith('.ts')) {
    const fileName = path.basename(file).replace(/\.ts$/, '.js')
    context.emitFile({ type: 'chunk', id: file, fileName })
    return fileName
  }
  const fileName = path.basename(file)
  context.emitFile({ type: 'asset', fileName, source: readFileSync(file) })
  return fileName
}
