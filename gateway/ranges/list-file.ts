/** A list in a file: a ConfigMap, or what another program writes. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

import { ListFault, MAX_LIST_BYTES } from './list-fault.ts'

/** @throws ListFault */
export async function readListFile(file: string): Promise<string> {
  const bytes = await readStart(file, MAX_LIST_BYTES + 1).catch((error: unknown) => {
    throw new ListFault('unreachable', error)
  })
  if (bytes.byteLength > MAX_LIST_BYTES) throw new ListFault('too_large')
  return bytes.toString('utf8')
}

async function readStart(file: string, maxBytes: number): Promise<Buffer> {
  // A FIFO would be waited for, and the gateway not even stop meanwhile (config/read-file.ts).
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  if (!(await handle.stat()).isFile()) throw new Error('no regular file')
  const chunks: Buffer[] = []
  let length = 0
  const start = handle.createReadStream({ end: maxBytes - 1, autoClose: false })
  for await (const chunk of start as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
  }
  return Buffer.concat(chunks, length)
}
