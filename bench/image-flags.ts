/** What the image hands to Node, so that what is measured is what runs. */
import { readFileSync } from 'node:fs'

const dockerfile = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8')
const [, entryPoint = '[]'] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? []

export const imageFlags = (JSON.parse(entryPoint) as string[]).filter((part) =>
  part.startsWith('--'),
)
