/** The documentation as a site, in a real browser: it is built, every page opens, and search finds a page. */
// @module-tag browser
// @module-tag site
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { openPage } from '../support/browser.ts'
import { pages } from '../support/documents.ts'

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 667 } }

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

const site = mkdtempSync(path.join(tmpdir(), 'docs-site-'))
let server: Server
let origin = ''

/** A folder leads to its index, as everywhere. */
function fileAt(address: string): string {
  const decoded = decodeURI(address)
  return path.join(site, decoded.endsWith('/') ? `${decoded}index.html` : decoded)
}

function serve(): Server {
  return createServer((request, response) => {
    try {
      const file = fileAt(new URL(request.url ?? '/', 'http://site').pathname)
      const body = readFileSync(file)
      response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'text/plain' })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
}

beforeAll(async () => {
  const program = 'docs/site/node_modules/vitepress/bin/vitepress.js'
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, 'build', 'docs/site', '--outDir', site],
    // Vitest sets it to `test`, which VitePress takes for a build that is not for production.
    { encoding: 'utf8', env: { ...process.env, NODE_ENV: 'production' } },
  )
  expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
  server = serve().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}, 240_000)

afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(site, { recursive: true })
})

const addresses = () =>
  globSync('**/*.html', { cwd: site })
    .filter((file) => file !== '404.html')
    .sort()

interface Seen {
  readonly links: readonly string[]
  readonly ids: readonly string[]
}

function look(page: Page): Promise<Seen> {
  return page.evaluate<Seen>(
    `({ links: Array.from(document.querySelectorAll('a[href]'), ({ href }) => href),
        ids: Array.from(document.querySelectorAll('[id]'), ({ id }) => id) })`,
  )
}

function overflow(page: Page): Promise<number> {
  return page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
}

describe('the site of the documentation', () => {
  it('has every page', () => {
    const expected = pages.map((page) =>
      page.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html'),
    )
    expect(addresses()).toEqual(expect.arrayContaining(expected))
  })

  it('opens every page without an error, a request elsewhere, a dead link or sideways scrolling', async () => {
    const { page, requested, complaints } = await openPage(`${origin}/`, {
      viewport: sizes.desktop,
    })
    const seen = new Map<string, Seen>()
    const wide: string[] = []
    for (const address of addresses()) {
      await page.goto(`${origin}/${address}`)
      await page.locator('.vp-doc h1').waitFor()
      seen.set(`/${address}`, await look(page))
      for (const [name, size] of Object.entries(sizes)) {
        await page.setViewportSize(size)
        const by = await overflow(page)
        if (by > 0) wide.push(`${address} on a ${name}: ${String(by)} px`)
      }
      await page.setViewportSize(sizes.desktop)
    }
    expect(wide).toEqual([])
    expect(complaints).toEqual([])
    expect(requested.filter((url) => !url.startsWith(origin))).toEqual([])
    const dead = [...seen].flatMap(([from, { links }]) =>
      links.filter((link) => !leadsSomewhere(link, seen)).map((link) => `${from}: ${link}`),
    )
    expect(dead).toEqual([])
  }, 240_000)

  it.each(Object.entries(sizes))('finds "rotate" on a %s', async (_, viewport) => {
    const { page, complaints } = await openPage(`${origin}/docs/`, { viewport })
    await page.locator('#local-search button').click()
    await page.locator('#localsearch-input').fill('rotate')
    const first = page.locator('#localsearch-list .result').first()
    await expect.poll(() => first.innerText()).toContain('Rotate the signing key')
    await first.click()
    await expect
      .poll(() => page.locator('.vp-doc h1').innerText())
      .toContain('Rotate the signing key')
    expect(complaints).toEqual([])
  })
})

function leadsSomewhere(link: string, seen: ReadonlyMap<string, Seen>): boolean {
  const { origin: there, pathname, hash } = new URL(link)
  if (there !== origin) return true
  const target = seen.get(pathname.endsWith('/') ? `${pathname}index.html` : pathname)
  return (
    target !== undefined && (hash === '' || target.ids.includes(decodeURIComponent(hash.slice(1))))
  )
}
