/** What the image passes to Node, so that what is measured is what runs. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** @param checkout folder with the source of one version of the gateway. */
export function imageFlagsOf(checkout: string): string[] {
  const dockerfile = readFileSync(path.join(checkout, 'Dockerfile'), 'utf8')
  const [, entryPoint = '[]'] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? []
  return (JSON.parse(entryPoint) as string[]).filter((part) => part.startsWith('--'))
}
