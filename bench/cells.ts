/** What is measured: one cell is one kind of body, sent in one way. */

/** `canonical`: as Inngest's server writes calls. `spaced`: the same JSON with white space and `\u0026`. */
export type Form = 'canonical' | 'spaced'

export interface Cell {
  readonly name: string
  readonly bodyBytes: number
  readonly form: Form
  readonly connection: 'keepalive' | 'close'
  readonly connections: number
}

/** Fewer of the large: 64 of 4 MB at once are more than the gateway buffers, by its defaults. */
const SIZES = [
  { label: '2k', bodyBytes: 2048, most: 64 },
  { label: '64k', bodyBytes: 65_536, most: 64 },
  { label: '1m', bodyBytes: 1_048_576, most: 8 },
  { label: '4m', bodyBytes: 4_194_304, most: 4 },
]

export const allCells: readonly Cell[] = SIZES.flatMap(({ label, bodyBytes, most }) =>
  (['canonical', 'spaced'] as const).flatMap((form) =>
    (['keepalive', 'close'] as const).flatMap((connection) =>
      [1, most].map((connections) => ({
        name: `${label}-${form}-${connection}-${String(connections)}`,
        bodyBytes,
        form,
        connection,
        connections,
      })),
    ),
  ),
)

/** Every cell that a target names, and two more; the first two are those of `--quick`. */
const DEFAULTS = [
  '2k-canonical-keepalive-64',
  '2k-canonical-close-64',
  '64k-canonical-keepalive-64',
  '1m-canonical-keepalive-8',
  '64k-spaced-keepalive-64',
  '4m-canonical-keepalive-4',
  '2k-spaced-keepalive-64',
  '2k-canonical-keepalive-1',
]

export const defaultCells: readonly Cell[] = cellsNamed(DEFAULTS)

/** @throws if a name is not a cell's. */
export function cellsNamed(names: readonly string[]): Cell[] {
  return names.map((name) => {
    const cell = allCells.find((known) => known.name === name)
    if (cell !== undefined) return cell
    throw new Error(
      `no cell is called ${name}; there are ${allCells.map((c) => c.name).join(', ')}`,
    )
  })
}
