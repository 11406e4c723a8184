/**
 * The contents of the page, as text in named places. The server writes it into HTML (page.ts), and the script
 * of the page into the existing elements (page.client.js), so that both show the same.
 */

/** Shown as a color, but never by color alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

export interface Cell {
  readonly text: string
  /** A second, less prominent line. */
  readonly sub?: string | undefined
  readonly tone?: Tone | undefined
  /** The share of a whole to draw: 0 to 1. */
  readonly share?: number | undefined
}

export interface Row {
  /** Unique in its table. */
  readonly key: string
  /** The kind that the rows can be filtered by. */
  readonly kind?: string
  readonly cells: readonly Cell[]
}

export interface View {
  readonly texts: Readonly<Record<string, Cell>>
  readonly tables: Readonly<Record<string, readonly Row[]>>
  /** Heights of bars, 0 to `BAR_HEIGHT`. */
  readonly bars: Readonly<Record<string, readonly number[]>>
}

export const BAR_HEIGHT = 40
