/**
 * What a hop does that takes UTF-8 for Latin-1, undone. Most that say Latin-1 read Windows-1252
 * (WHATWG Encoding 4.2), which differs from 0x80 to 0x9f only; Node's `latin1` is the strict one.
 */

/** WHATWG index windows-1252, from 0x80 on; the five bytes it leaves free stay control characters. */
const FROM_0X80 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

const byteOf = new Map(Array.from(FROM_0X80, (character, i) => [character, 0x80 + i]))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * UTF-8 whose bytes were taken for characters and encoded again: `Ã©` for `é`.
 * @returns undefined if some character cannot have been a byte.
 */
export function undoDoubleEncoding(received: Uint8Array): Uint8Array | undefined {
  const text = decode(received)
  if (text === undefined) return undefined
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    const byte = code <= 0xff ? code : byteOf.get(text.charAt(i))
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}

/** UTF-8 that was turned into one byte a character. */
export function undoSingleBytes(received: Uint8Array): Uint8Array {
  const text = Buffer.from(received.buffer, received.byteOffset, received.byteLength)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (control) => FROM_0X80.charAt(control.charCodeAt(0) - 0x80))
  return Buffer.from(text, 'utf8')
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
