/** Before the tests of `npm test`: installs the programs that are missing where it may, else nothing. */
import { installMissing } from './install.ts'
import { reasonToInstall, thisMachine } from './when-to-install.ts'

const reason = reasonToInstall(thisMachine)
if (reason !== undefined) process.exitCode = installMissing(reason)
