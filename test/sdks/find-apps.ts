/** The apps of test/sdks/apps, as their app.json describes them (README.md). */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { z } from 'zod'

export const capabilities = [
  'inBand',
  'fallback',
  'serveOrigin',
  'probe',
  'streaming',
  'checkpointing',
  'encryption',
  'durable',
] as const

export const languages = ['JavaScript', 'Python', 'Go', 'Kotlin'] as const

const manifest = z.strictObject({
  language: z.enum(languages),
  sdk: z.string(),
  version: z.string(),
  adapter: z.string(),
  frameworkVersion: z.string().optional(),
  capabilities: z.array(z.enum(capabilities)),
  start: z.tuple([z.string()], z.string()),
  /** Cases in which chance decides whether the app responds or refuses, as the page says. */
  unsteady: z.array(z.string()).default([]),
  readySeconds: z.number().default(60),
})

export type Capability = (typeof capabilities)[number]

export interface App extends z.infer<typeof manifest> {
  /** Its folder, relative to `apps`. */
  readonly name: string
  readonly folder: string
}

export const installed = path.join(import.meta.dirname, '.installed')

const folderOfApps = path.join(import.meta.dirname, 'apps')

/** Whether the package registry, as configured, does not serve the SDK, by what `install` left. */
export function isUnavailable(language: App['language']): boolean {
  return existsSync(path.join(installed, `unavailable-${language.toLowerCase()}`))
}

/** @param prefixes of names; none means all. */
export function findApps(prefixes: readonly string[] = []): readonly App[] {
  const files = globSync('**/app.json', {
    cwd: folderOfApps,
    exclude: (name) => name === 'node_modules' || name.startsWith('.'),
  })
  return files
    .map((file) => path.dirname(file))
    .filter((name) => prefixes.length === 0 || prefixes.some((each) => name.startsWith(each)))
    .sort()
    .map(readApp)
}

export function readApp(name: string): App {
  const folder = path.join(folderOfApps, name)
  const text = readFileSync(path.join(folder, 'app.json'), 'utf8')
  return { name, folder, ...manifest.parse(JSON.parse(text)) }
}
