/** An npm registry on loopback with one package, from a given archive, or with none. */
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Registry {
  readonly url: string
  stop(): void
}

export interface Published {
  readonly name: string
  readonly version: string
  readonly archive: string
  /** The commands in package.json. */
  readonly bin: Readonly<Record<string, string>>
}

export async function startRegistry(published?: Published): Promise<Registry> {
  const server = createServer((request, response) => {
    const { url = '' } = request
    if (published === undefined) response.writeHead(404).end('{}')
    else if (url === `/${published.name}`) response.end(JSON.stringify(documentOf(published, base)))
    else if (url === ARCHIVE) response.end(readFileSync(published.archive))
    else response.writeHead(404).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    url: `${base}/`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const ARCHIVE = '/archive.tgz'

function documentOf({ name, version, archive, bin }: Published, base: string): object {
  const hash = createHash('sha512').update(readFileSync(archive)).digest('base64')
  const dist = { tarball: `${base}${ARCHIVE}`, integrity: `sha512-${hash}` }
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { name, version, bin, dist } },
  }
}
