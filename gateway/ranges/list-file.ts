/** A list in a file: a ConfigMap, or what another program writes. */
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
  await using handle = await open(file)
  const chunks: Buffer[] = []
  let length = 0
  const start = handle.createReadStream({ end: maxBytes - 1, autoClose: false })
  for await (const chunk of start as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
  }
  return Buffer.concat(chunks, length)
}
