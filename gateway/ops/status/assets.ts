/** Style and script of the page, and a content security policy that allows only these. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { html, type Html } from './html.ts'

export interface Assets {
  /** As whole elements, because the policy has hashes of their exact contents. */
  readonly style: Html
  readonly script: Html
  readonly contentSecurityPolicy: string
}

export function readAssets(): Assets {
  const style = readSource(new URL('page.css', import.meta.url))
  const script = readSource(new URL('page.client.js', import.meta.url))
  return {
    style: elementOf('style', style),
    script: elementOf('script', script),
    contentSecurityPolicy: [
      "default-src 'none'",
      `style-src '${hashOf(style)}'`,
      `script-src '${hashOf(script)}'`,
      "connect-src 'self'",
      // For the empty icon only. Without it, browsers request one.
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
  }
}

/** Nothing is escaped in `<style>` and `<script>`, so the source must not contain their end tag. */
function readSource(file: URL): string {
  const text = readFileSync(file, 'utf8')
  if (/<\/(?:style|script)|<!--/i.test(text))
    throw new Error(`${file.pathname} ends its own element`)
  return text
}

function elementOf(name: string, source: string): Html {
  const text = `<${name}>${source}</${name}>`
  return html(Object.assign([text], { raw: [text] }))
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
