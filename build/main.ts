/**
 * `npm run build`: the gateway in `dist/`, in parts, with its dependencies inside. A start loads the parts
 * that it needs; what a configuration or a command alone needs stays behind its `import()`.
 * An argument names another folder.
 */
import path from 'node:path'

import { build, type OutputChunk } from 'rolldown'

import { bareEntry } from './bare-entry.ts'
import { builtinsWithoutExports } from './builtins.ts'
import { leaveOut } from './left-out.ts'
import { notices } from './notices.ts'
import { runtimeFiles } from './runtime-files.ts'

const root = path.join(import.meta.dirname, '..')

const { output } = await build({
  cwd: root,
  input: { main: 'gateway/main.ts' },
  platform: 'node',
  // What may break at run time, such as an import that is not found, is no mere warning.
  onLog: (level, { message }) => {
    if (level === 'warn') throw new Error(message)
  },
  plugins: [leaveOut(), builtinsWithoutExports(), runtimeFiles(root), bareEntry(), notices(root)],
  output: {
    dir: path.resolve(root, process.argv[2] ?? 'dist'),
    cleanDir: true,
    format: 'esm',
    // One folder, so that a file is found from every part in the same way (runtime-files.ts).
    chunkFileNames: '[name].js',
    sourcemap: true,
    // Names stay, for stack traces and profiles.
    minify: { compress: false, mangle: false, codegen: true },
    comments: false,
  },
})

const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk')
const foreign = chunks.flatMap(({ imports, dynamicImports }) =>
  [...imports, ...dynamicImports].filter((name) => !chunks.some((one) => one.fileName === name)),
)
const unknown = foreign.filter((name) => process.getBuiltinModule(name) === undefined)
if (unknown.length > 0) throw new Error(`not in dist/: ${unknown.join(', ')}`)
const bytes = chunks.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0)
console.log(`dist/: ${String(chunks.length)} parts, ${(bytes / 1e6).toFixed(1)} MB`)
