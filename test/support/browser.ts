/** Debian's Chromium without a window, with its own profile, and everything that a page requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  chromium,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { afterEach } from 'vitest'

import { findProgram } from '../programs/find.ts'

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Addresses of all requests. */
  readonly requested: string[]
  /** Number of requests without a response so far. */
  readonly pending: () => number
  /** Errors in the page, including violations of its content security policy. */
  readonly complaints: string[]
}

const closes: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closes.splice(0)) await close()
})

export async function openPage(
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const profile = mkdtempSync(path.join(tmpdir(), 'chromium-'))
  const executablePath = findProgram('chromium') ?? 'chromium'
  const launch = { executablePath, args, headless: true, ...options }
  const context = await chromium.launchPersistentContext(profile, launch)
  closes.push(async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const requested: string[] = []
  const complaints: string[] = []
  let ended = 0
  context.on('request', (request) => requested.push(request.url()))
  context.on('requestfinished', () => (ended += 1)).on('requestfailed', () => (ended += 1))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, context, requested, pending: () => requested.length - ended, complaints }
}
