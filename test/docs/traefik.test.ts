/** What docs/how-to/external-authorization.md has Traefik do, as of 3.6.14 and 3.7.12. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'

const page = readFileSync('docs/how-to/external-authorization.md', 'utf8')
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(
  ([, text = '']) => parse(text) as Record<string, unknown>,
)

describe('the forwardAuth of docs/how-to/external-authorization.md', () => {
  it('sets trustForwardHeader, which Traefik 3.6.14 warns of if it is unset', () => {
    expect(blocks).toContainEqual({
      http: {
        middlewares: {
          inngest: {
            forwardAuth: expect.objectContaining({ trustForwardHeader: false }) as object,
          },
        },
      },
    })
    expect(page).toContain('from 3.6.14 on, Traefik deprecates the option')
  })

  it('names the option of 3.7.12 at the entry point, where it is read', () => {
    expect(blocks).toContainEqual({
      entryPoints: { websecure: { http: { aliasHeadersStrategy: 'delete' } } },
    })
  })
})
