/** The section of CHANGELOG.md about one version, as the text of its release. */

const REPOSITORY = 'https://github.com/inngest-gateway/inngest-gateway'

/** @throws if there is no such section, or nothing in it. */
export function releaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1)
  const texts = sections
    .filter((section) => section.split('\n', 1)[0]?.trim() === version)
    .map((section) => section.slice(section.indexOf('\n')).trim())
  const [text = ''] = texts
  if (texts.length !== 1 || text === '') {
    throw new Error(`CHANGELOG.md needs one section "## ${version}" that says what changed`)
  }
  return `${withWholeLinks(unwrapped(text), version)}\n`
}

/** GitHub shows a line break of the source as one, except in files. */
const unwrapped = (text: string) => text.replaceAll(/(?<=\S)\n {0,2}(?=[^\s-])/g, ' ')

/** A release has no folder that a path could begin at. */
function withWholeLinks(text: string, version: string): string {
  return text.replaceAll(
    /\]\((?!https?:|#)([^)]+)\)/g,
    (_, file: string) => `](${REPOSITORY}/blob/v${version}/${file})`,
  )
}
