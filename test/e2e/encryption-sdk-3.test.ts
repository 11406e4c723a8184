/** By itself: the SDK's versions 3 and 4 cannot run functions in one process. */
import { it } from 'vitest'

import { expectWholeRun } from '../support/encrypted-scene.ts'

it('lets a whole run of SDK 3 with the encryption middleware 1.0.2 through where encryption is required', async () => {
  await expectWholeRun('1.0.2 on SDK 3')
})
