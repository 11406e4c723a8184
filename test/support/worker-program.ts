/** Programs for the threads of the canonicalization pool, with the behavior that a test needs. */

const canonicalJson = new URL('../../gateway/inngest/jcs/canonical-json.ts', import.meta.url).href

/** @param onBody statements that may use `body`, `answer` and `canonicalizeJson`. */
export function workerProgram(onBody: string): URL {
  const source = `
    import { parentPort } from 'node:worker_threads'
    import { canonicalizeJson } from '${canonicalJson}'
    const answer = (bytes) => parentPort.postMessage(bytes)
    parentPort.on('message', ({ body }) => { ${onBody} })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

export const neverAnswers = workerProgram('')

/** Works, except for bodies that begin with one of these. */
export const fails = {
  exit: 'XX',
  throw: 'YY',
  hang: 'ZZ',
} as const

export const failsAtTimes = workerProgram(`
  const start = Buffer.from(body).subarray(0, 2).toString()
  if (start === '${fails.exit}') process.exit(3)
  if (start === '${fails.throw}') throw new Error('thrown in a thread')
  if (start === '${fails.hang}') for (;;);
  answer(canonicalizeJson(body))`)

/** Is busy without any result until this file exists. */
export const worksFromWhenThereIs = (file: string) =>
  workerProgram(`
  const { existsSync } = process.getBuiltinModule('node:fs')
  const nap = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(${JSON.stringify(file)})) Atomics.wait(nap, 0, 0, 5)
  answer(canonicalizeJson(body))`)
