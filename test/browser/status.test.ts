/** The status page in a real browser: live, without JavaScript, by keyboard, on a phone, in the dark. */
// @module-tag browser
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'

import { startNamedApp } from '../support/apps.ts'
import { openPage } from '../support/browser.ts'
import { forgedKey, sendQuarter, sendSigned, sendUnsigned } from '../support/status-traffic.ts'
import { startTestGateway, statusToken, type TestGateway } from '../support/test-gateway.ts'

/** For review by eye; git ignores it. */
const screenshots = path.resolve('test/browser/screenshots')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const live = { timeout: 15_000 }

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(token?: object): Promise<TestGateway & { url: string }> {
  const app = await startNamedApp('app')
  const signingKeys = [{ env: 'PRIMARY' }, { env: 'FALLBACK' }]
  const gateway = await startTestGateway(app.url, {
    ops: { host: '127.0.0.1', port: 0, statusPage: { enabled: true, ...(token && { token }) } },
    allowlist: ['inngest', '127.0.0.0/8'],
    inngestRanges: { urls: [] },
    replay: { coldStart: 'accept' },
    routes: [
      { name: 'shop', upstream: app.url, signingKeys },
      {
        name: 'billing',
        path: '/billing',
        upstream: 'http://127.0.0.1:1',
        signingKeys,
        checks: { freshness: 'report' },
      },
    ],
  })
  stops.push(() => gateway.stop())
  return Object.assign(gateway, { url: `http://127.0.0.1:${String(gateway.opsPort)}/status` })
}

function textOf(page: Page, selector: string): Promise<string> {
  return page.locator(selector).innerText()
}

function rowsOf(page: Page): Promise<string[]> {
  return page.locator('[data-table="requests"] tr:visible').allInnerTexts()
}

/** What goes beyond the panel that it is in. */
function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `Array.from(document.querySelectorAll('section *')).filter((element) => {
      const { right } = element.closest('section').getBoundingClientRect()
      return element.getBoundingClientRect().right > right + 1
    }).map((element) => element.outerHTML.slice(0, 200))`,
  )
}

/** What axe finds, as `rule: element`. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) })))',
  )
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

describe('the status page in a browser', { timeout: 120_000 }, () => {
  it('asks for nothing but itself and its numbers, and its policy refuses nothing of it', async () => {
    const gateway = await start()
    await sendQuarter(gateway)
    const { page, requested, complaints } = await openPage(gateway.url)
    await expect.poll(() => requested.length, live).toBeGreaterThan(2)
    expect(new Set(requested)).toEqual(new Set([gateway.url, `${gateway.url}.json`]))
    expect(complaints).toEqual([])
    expect(await page.title()).toBe('Status of inngest-gateway')
  })

  it('has all numbers without JavaScript, and nothing that would not work', async () => {
    const gateway = await start()
    await sendSigned(gateway)
    await sendSigned(gateway, { key: forgedKey })
    const { page, requested } = await openPage(gateway.url, { javaScriptEnabled: false })
    expect(await textOf(page, '[data-text="total-admitted"]')).toBe('1')
    expect(await textOf(page, '[data-text="total-refused"]')).toBe('1')
    expect(await textOf(page, '[data-table="reasons"]')).toContain('signature_mismatch')
    expect(await rowsOf(page)).toHaveLength(2)
    expect(await page.locator('button:visible, input:visible, select:visible').count()).toBe(0)
    await page.getByText('All settings, without secrets').click()
    expect(await textOf(page, 'pre')).toContain('maxAge: 5m')
    expect(requested).toEqual([gateway.url])
  })

  it('follows what happens, and is then what it would be if it were loaded anew', async () => {
    const gateway = await start()
    const { page, complaints } = await openPage(gateway.url)
    expect(await textOf(page, '[data-text="total-admitted"]')).toBe('0')
    await sendSigned(gateway)
    await sendSigned(gateway, { target: '/billing?fnId=<b>bill</b>' })
    await sendSigned(gateway, { key: forgedKey })
    await sendUnsigned(gateway)
    await expect.poll(() => textOf(page, '[data-text="total-refused"]'), live).toBe('2')
    expect(await textOf(page, '[data-text="total-admitted"]')).toBe('1')
    expect((await rowsOf(page)).join('\n')).toContain('fn <b>bill</b>')
    expect(await page.locator('[data-table="requests"] b').count()).toBe(0)
    const heights = await page
      .locator('[data-bars="refused"] rect')
      .evaluateAll((bars) =>
        bars.map((bar) =>
          (bar as { getAttribute(name: string): string | null }).getAttribute('height'),
        ),
      )
    expect(heights).toEqual([...new Array<string>(14).fill('0'), '40'])
    // Whitespace between elements is the template's.
    const shown = () =>
      page.locator('main').evaluate((main) => {
        const { innerHTML } = main as { innerHTML: string }
        return innerHTML.replace(/\s+(?=<)|(?<=>)\s+/g, '').replace(/ \/>/g, '>')
      })
    await page.locator('#pause').click()
    const followed = await shown()
    expect(complaints).toEqual([])
    // As the server writes it: the script learns nothing more.
    await page.route('**/status.json', (route) => route.abort())
    await page.reload()
    await expect.poll(() => textOf(page, '#trouble'), live).toContain('These numbers are old')
    expect(await shown()).toBe(followed)
  })

  it('stays as it is while paused, and says when the gateway cannot be asked', async () => {
    const gateway = await start()
    const { page, requested, pending } = await openPage(gateway.url)
    await page.getByRole('button', { name: 'Pause updates' }).click()
    // One that was asked before is shown yet, when it comes.
    await expect.poll(pending).toBe(0)
    await sendSigned(gateway)
    const asked = requested.length
    await page.waitForTimeout(4000)
    expect(requested).toHaveLength(asked)
    expect(await textOf(page, '[data-text="total-admitted"]')).toBe('0')
    await page.getByRole('button', { name: 'Resume updates' }).click()
    await expect.poll(() => textOf(page, '[data-text="total-admitted"]'), live).toBe('1')
    await page.route('**/status.json', (route) => route.abort())
    await expect.poll(() => textOf(page, '#trouble'), live).toContain('These numbers are old')
    await page.unroute('**/status.json')
    await expect.poll(() => textOf(page, '#trouble'), live).toBe('')
  })

  it('is filtered by text and decision with the keyboard alone, and stays so when it is updated', async () => {
    const gateway = await start()
    await sendSigned(gateway, { target: '/api/inngest?fnId=first' })
    await sendSigned(gateway, { target: '/api/inngest?fnId=second' })
    await sendUnsigned(gateway)
    const { page } = await openPage(gateway.url)
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement.id || document.activeElement.className || document.activeElement.textContent',
      )
    const order: string[] = []
    for (let i = 0; i < 5; i += 1) {
      await page.keyboard.press('Tab')
      order.push(await focused())
    }
    expect(order).toEqual(['skip', 'pause', 'The same as a table', 'text', 'kind'])
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.type('FIRST')
    expect(await rowsOf(page)).toEqual([expect.stringContaining('fn first') as string])
    expect(await textOf(page, '#shown')).toBe('1 of 1 shown')
    await sendSigned(gateway, { target: '/api/inngest?fnId=first-again' })
    await expect.poll(() => rowsOf(page), live).toHaveLength(2)
    expect(await focused()).toBe('text')
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('Backspace')
    await page.keyboard.press('Tab')
    await page.keyboard.type('refused')
    expect(await rowsOf(page)).toEqual([expect.stringContaining('GET /.env') as string])
  })

  it('shows many requests a page at a time, and leaves alone what has not changed', async () => {
    const gateway = await start()
    await sendQuarter(gateway)
    const { page } = await openPage(gateway.url)
    expect(await rowsOf(page)).toHaveLength(25)
    await page.getByRole('button', { name: 'Show more' }).click()
    expect(await rowsOf(page)).toHaveLength(50)
    await page.waitForResponse('**/status.json')
    await page.waitForResponse('**/status.json')
    const newest = "document.querySelector('[data-table=requests]').rows[0]"
    const key = await page.evaluate<string>(
      `${newest}.dataset.marked = 'yes', ${newest}.dataset.key`,
    )
    await sendSigned(gateway, { target: '/api/inngest?fnId=newest' })
    await expect.poll(async () => (await rowsOf(page))[0], live).toContain('fn newest')
    expect(await page.locator('[data-marked]').getAttribute('data-key')).toBe(key)
  })

  it('lets a browser in that is told the token as a password', async () => {
    const gateway = await start({ env: 'STATUS_TOKEN' })
    const httpCredentials = { username: 'me', password: statusToken }
    const { page, requested } = await openPage(gateway.url, { httpCredentials })
    await sendSigned(gateway)
    await expect.poll(() => textOf(page, '[data-text="total-admitted"]'), live).toBe('1')
    expect(requested.join(' ')).not.toContain(statusToken)
  })

  it.each([
    ['light', 360],
    ['light', 1280],
    ['dark', 360],
    ['dark', 1280],
  ] as const)('has nothing that axe objects to, in %s, %i px wide', async (colorScheme, width) => {
    const gateway = await start()
    await sendQuarter(gateway)
    const viewport = { width, height: 900 }
    const { page } = await openPage(gateway.url, { colorScheme, viewport, reducedMotion: 'reduce' })
    await page.waitForResponse('**/status.json')
    mkdirSync(screenshots, { recursive: true })
    const file = path.join(screenshots, `status-${colorScheme}-${String(width)}.png`)
    await page.screenshot({ path: file, fullPage: true })
    for (const summary of await page.locator('summary').all()) await summary.click()
    expect(await violationsOf(page)).toEqual([])
  })

  it('is never wider than its window, from 320 px on', async () => {
    const gateway = await start()
    await sendQuarter(gateway)
    const long = 'x'.repeat(200)
    await sendSigned(gateway, { target: `/api/inngest?fnId=${long}&stepId=${long}` })
    await sendUnsigned(gateway, `/${long}`)
    const { page } = await openPage(gateway.url)
    for (const summary of await page.locator('summary').all()) await summary.click()
    for (const width of [320, 360, 768, 1024, 1280]) {
      await page.setViewportSize({ width, height: 640 })
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect([width, wide]).toEqual([width, width])
      expect(await stickingOut(page)).toEqual([])
    }
  })

  it('moves nothing for those who want no motion', async () => {
    const gateway = await start()
    const durations = async (reducedMotion: 'reduce' | 'no-preference') => {
      const { page } = await openPage(gateway.url, { reducedMotion })
      return page.evaluate<string>(
        "getComputedStyle(document.querySelector('.bars rect')).transitionDuration",
      )
    }
    expect(await durations('reduce')).toBe('0s')
    expect(await durations('no-preference')).toContain('0.3s')
  })
})
