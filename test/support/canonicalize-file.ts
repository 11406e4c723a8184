/** A program that canonicalizes a file and prints its maximum growth of memory in bytes. */
import { readFileSync } from 'node:fs'

import { canonicalizeJson } from '../../gateway/inngest/jcs/canonical-json.ts'

const body = readFileSync(process.argv[2] ?? '')
const before = mostHeld()
if (canonicalizeJson(body) === undefined) throw new Error('there is no canonical form')
console.log(mostHeld() - before)

/** `resourceUsage().maxRSS` would start with the memory of the parent when it started this process. */
function mostHeld(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
