/** The linter keeps the layers apart, and the compiler keeps unchecked requests from the forwarder. */
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'

import type { AdmittedRequest } from '../../../gateway/admit/admit.ts'
import type { Forwarder } from '../../../gateway/http/forwarder.ts'

const eslint = new ESLint()

async function rulesBroken(filePath: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath })
  return result?.messages.map(({ ruleId }) => ruleId) ?? []
}

describe('layers', () => {
  it.each([
    ['gateway/admit/checks/allowlist.ts', "import 'node:fs'\n", 'no-restricted-imports'],
    [
      'gateway/admit/checks/allowlist.ts',
      "import '../http/forwarder.ts'\n",
      'no-restricted-imports',
    ],
    ['gateway/inngest/mac.ts', "import 'undici'\n", 'no-restricted-imports'],
    ['gateway/admit/admit.ts', "import './replay/store.ts'\n", 'no-restricted-imports'],
    ['gateway/admit/admit.ts', "import './threads/canonical-pool.ts'\n", 'no-restricted-imports'],
    ['gateway/admit/body.ts', "import './http/header-hygiene.ts'\n", 'no-restricted-imports'],
    ['gateway/diagnosis/budget.ts', "import '../observe/clock.ts'\n", 'no-restricted-imports'],
    ['gateway/inngest/mac.ts', "import '../ranges/fetch-list.ts'\n", 'no-restricted-imports'],
    ['gateway/ranges/fetch-list.ts', "import '../gateway.ts'\n", 'no-restricted-imports'],
    ['gateway/http/forwarder.ts', "import '../commands/run.ts'\n", 'no-restricted-imports'],
    ['gateway/ops/status/read.ts', "import '../reload.ts'\n", 'no-restricted-imports'],
    ['gateway/admit/claim-signature.ts', "import './replay/store.ts'\n", 'no-restricted-imports'],
    [
      'gateway/admit/checks/freshness.ts',
      'export const now = Date.now()\n',
      'no-restricted-globals',
    ],
  ])(
    'in %s, refuse %j',
    async (file, text, rule) => {
      expect(await rulesBroken(file, text)).toContain(rule)
    },
    60_000,
  )

  it('forward nothing that was not admitted', () => {
    const forward = (forwarder: Forwarder, request: Omit<AdmittedRequest, symbol>) =>
      // @ts-expect-error: without the brand that only admit can give, this must not compile.
      forwarder.forward(request, 'id', undefined as never, undefined as never)
    expect(forward).toBeTypeOf('function')
  })
})
