/** The linter keeps the layers apart, and the compiler keeps unchecked requests from the forwarder. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'

import type { AdmittedRequest } from '../../../gateway/admit/admit.ts'
import type { Forwarder } from '../../../gateway/forward/forwarder.ts'

const eslint = new ESLint()

async function rulesBroken(filePath: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath })
  return result?.messages.map(({ ruleId }) => ruleId) ?? []
}

const restricted = 'import-x/no-restricted-paths'
const cycle = 'import-x/no-cycle'

describe('layers', () => {
  it.each([
    ['gateway/admit/checks/allowlist.ts', "import 'node:fs'\n", 'no-restricted-imports'],
    ['gateway/admit/checks/allowlist.ts', "import '../../forward/forwarder.ts'\n", restricted],
    ['gateway/inngest/mac.ts', "import 'undici'\n", 'no-restricted-imports'],
    ['gateway/admit/admit.ts', "import '../replay/store.ts'\n", restricted],
    ['gateway/admit/admit.ts', "import '../threads/canonical-pool.ts'\n", restricted],
    ['gateway/inngest/body.ts', "import '../forward/header-filter.ts'\n", restricted],
    ['gateway/inngest/body.ts', "import '../admit/policy.ts'\n", restricted],
    ['gateway/ip/address.ts', "import '../inngest/mac.ts'\n", restricted],
    ['gateway/diagnosis/budget.ts', "import '../record/clock.ts'\n", restricted],
    ['gateway/inngest/mac.ts', "import '../ranges/fetch-list.ts'\n", restricted],
    ['gateway/ranges/fetch-list.ts', "import '../gateway.ts'\n", restricted],
    ['gateway/forward/forwarder.ts', "import '../cli/run.ts'\n", restricted],
    ['gateway/forward/forwarder.ts', "import '../ext-auth/listener.ts'\n", restricted],
    ['gateway/forward/forwarder.ts', "import '../exchange/exchange.ts'\n", restricted],
    ['gateway/accept/client-connection.ts', "import '../exchange/serve.ts'\n", restricted],
    ['gateway/accept/client-connection.ts', "import '../forward/tunnel.ts'\n", restricted],
    ['gateway/exchange/serve.ts', "import '../ext-auth/listener.ts'\n", restricted],
    ['gateway/exchange/serve.ts', "import '../wire/byte-queue.ts'\n", restricted],
    ['gateway/wire/framing.ts', "import 'node:net'\n", 'no-restricted-imports'],
    ['gateway/wire/framing.ts', "import '../ip/authority.ts'\n", restricted],
    ['gateway/wire/framing.ts', "import '../accept/client-request.ts'\n", restricted],
    ['gateway/deps.ts', "import '../conformance/plan.ts'\n", restricted],
    ['gateway/ip/address.ts', "export { parseRange } from './address-ranges.ts'\n", cycle],
    [
      'gateway/admit/checks/freshness.ts',
      'export const now = Date.now()\n',
      'no-restricted-globals',
    ],
    ['gateway/wire/framing.ts', 'export const now = Date.now()\n', 'no-restricted-globals'],
  ])(
    'refuse, in %s, %j',
    async (file, text, rule) => {
      expect(await rulesBroken(file, text)).toContain(rule)
    },
    60_000,
  )

  it('are held to files that exist', () => {
    const source = readFileSync('test/unit/architecture/layers.test.ts', 'utf8')
    const rows = source.matchAll(/'(gateway\/[^']+)', "(?:im|ex)port .*?'(\.[^']+)'/g)
    const imported = [...rows].map(([, file = '', name = '']) => path.join(file, '..', name))
    expect(imported.length).toBeGreaterThan(15)
    expect(imported.filter((file) => !existsSync(file))).toEqual([])
  })

  it('decide on external authorization in the order of the checks, and nowhere else', () => {
    const places = ['host_not_served', 'header_not_removable'].map((reason) =>
      globSync('gateway/**/*.ts').filter((file) =>
        readFileSync(file, 'utf8').includes(`refuse('${reason}')`),
      ),
    )
    const check = 'gateway/admit/checks/external-auth.ts'
    expect(places).toEqual([[check], [check]])
  })

  it('forward nothing that was not admitted', () => {
    const forward = (forwarder: Forwarder, request: Omit<AdmittedRequest, symbol>) =>
      // @ts-expect-error: without the brand that only admit can give, this must not compile.
      forwarder.forward(request, 'id', undefined as never, undefined as never)
    expect(forward).toBeTypeOf('function')
  })
})
