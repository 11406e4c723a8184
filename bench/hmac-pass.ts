/** Prints what one HMAC-SHA256 pass over so many bytes costs on this core, in microseconds of CPU. */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'

import { benchKey } from './signed-load.ts'

const body = randomBytes(Number(process.argv[2]))
const key = createSecretKey(benchKey, 'ascii')
const pass = () => createHmac('sha256', key).update(body).digest()
const AT_LEAST_MICROS = 300_000

for (let i = 0; i < 20; i += 1) pass()
const before = process.cpuUsage()
let passes = 0
let micros = 0
while (micros < AT_LEAST_MICROS) {
  pass()
  passes += 1
  const { user, system } = process.cpuUsage(before)
  micros = user + system
}
console.log(micros / passes)
