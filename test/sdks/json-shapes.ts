/** Event data of every shape that an honest server sends, as it reads after its own decoding. */
const text = (length: number, unit: string) =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

export const shapes: Readonly<Record<string, { readonly sends: string; readonly data: unknown }>> =
  {
    numbers: {
      sends: 'numbers at the edges of what a double holds',
      data: {
        integers: [0, 1, -1, 9007199254740991, -9007199254740991, 9007199254740992],
        fractions: [0.1, -1.5, 333333333.3333333, 1e-6, 1e-7, 5e-324],
        large: [1e20, 1e21, 12345678901234567000, 1.7976931348623157e308],
      },
    },
    text: {
      sends: 'text with escapes, HTML and letters of many scripts',
      data: {
        escapes: '"\\/\b\t\n\f\r\u0001\u001f\u007f',
        html: '<a href="x&y">',
        lines: '\u2028\u2029',
        many: 'é ü ñ Ω ж 日本語 한국어 עברית 🌍 👩‍💻',
      },
    },
    members: {
      sends: 'member names in every order: empty, numeric, outside ASCII and the BMP',
      data: { '': 1, '10': 2, '9': 3, 'a b': 4, '"': 5, é: 6, '€': 7, '😀': 8, ﬀ: 9, '\r': 10 },
    },
    nesting: {
      sends: 'empty, null and deeply nested values',
      data: { empty: [{}, [], '', null, false], deep: nested(60) },
    },
    'to-json': {
      sends: 'a member named `toJSON`',
      data: { nested: { a: 1, toJSON: 'text', z: 2 } },
    },
    'to-json-numeric': {
      sends: 'a member named `toJSON` next to numeric names',
      data: { nested: { '10': 1, '9': 2, toJSON: 'text' } },
    },
    'text-70kb': {
      sends: '70 KB of text outside ASCII',
      data: { text: text(24_000, 'é日🌍') },
    },
    '3mb': { sends: '3 MB of text', data: { text: text(3_000_000, 'The quick brown fox. ') } },
    '3mb-unicode': {
      sends: '3 MB of text outside ASCII',
      data: { text: text(1_000_000, 'é日本語Ω') },
    },
  }

function nested(depth: number): unknown {
  return depth === 0 ? 'end' : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) }
}
