/** The documentation, parsed for tests. */
import { globSync, readFileSync } from 'node:fs'

/** Every page that a user reads. */
export const pages: readonly string[] = [
  ...globSync('*.md'),
  ...globSync('docs/**/*.md', { exclude: ['**/node_modules/**'] }),
  ...globSync('deploy/**/*.md'),
  ...globSync('bench/*.md'),
].sort()

export interface Block {
  readonly page: string
  /** The number of its first line. */
  readonly line: number
  readonly text: string
}

/** @param language as after the three backticks. Blocks in a list are indented with it. */
export function blocksOf(language: string): Block[] {
  return pages.flatMap((page) => {
    const whole = readFileSync(page, 'utf8')
    const found = whole.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^\\1\`\`\``, 'gms'))
    return [...found].map(({ index, 1: indent = '', 2: text = '' }) => ({
      page,
      line: whole.slice(0, index).split('\n').length + 1,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }))
  })
}

/** @returns the headings of a page, as they are written. */
export function sectionsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
}

/** @returns the anchor that GitHub makes of a heading. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
}

export function anchorsOf(page: string): string[] {
  return sectionsOf(page).map(anchorOf)
}

/** @returns the targets of the links of a page, except external ones. */
export function linksOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:https?:|mailto:)/.test(target))
}
