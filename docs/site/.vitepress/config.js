/**
 * The documentation as a static site. The pages are the Markdown files of the repository, as GitHub shows them:
 * nothing is written for the site alone.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const source = 'https://github.com/inngest-gateway/inngest-gateway/blob/main/'

const pages = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md', 'bench/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
})

/** As GitHub makes anchors of headings, so that a link works in both places. */
function slugify(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
}

/** README.md is what a folder is about: the index of the folder. */
const addressOf = (page) => page.replace(/(^|\/)README\.md$/, '$1index.md')

/** The groups of docs/README.md, which is the one list of pages. */
function sidebar() {
  const [, ...groups] = readFileSync(path.join(root, 'docs/README.md'), 'utf8').split(/^## /m)
  return groups.map((group) => {
    const [text] = group.split('\n', 1)
    const links = [...group.matchAll(/^\|.*\| \[(.+?)\]\((\S+?\.md)\)/gm)]
    const items = links.map(([, title, target]) => ({
      text: title,
      link: `/${addressOf(path.join('docs', target))}`.replace(/(?:index)?\.md$/, ''),
    }))
    return { text, items, collapsed: text === 'Decisions' }
  })
}

/** A link to a folder leads to its README.md, and one to a source file to the repository. */
function hrefOf(target, page) {
  if (/^(?:[a-z]+:|#)/i.test(target)) return target
  const [file, anchor] = target.split('#')
  const full = path.join(path.dirname(page), decodeURI(file)).replace(/\/$/, '')
  const readme = path.join(full, 'README.md')
  const there = pages.includes(readme) ? readme : full
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (pages.includes(there)) return `/${addressOf(there)}${hash}`
  if (!existsSync(path.join(root, full))) throw new Error(`${page}: ${target} does not exist`)
  return `${source}${full}${hash}`
}

function resolveLinks(md) {
  md.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    // VitePress names the page as the site has it.
    const page = env.relativePath.replace(/(^|\/)index\.md$/, '$1README.md')
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== 'link_open') continue
      token.attrSet('href', hrefOf(token.attrGet('href') ?? '', page))
    }
  })
}

/**
 * The pages are outside of this folder, from where nothing finds its node_modules. While the pages are rendered,
 * Vue is not bundled: what is built runs from this folder.
 */
const vueOfThisFolder = {
  name: 'vue-of-this-folder',
  enforce: 'pre',
  resolveId(id, _importer, { ssr }) {
    return ssr && /^vue(?:\/|$)/.test(id) ? { id, external: true } : undefined
  },
}

export default {
  title: 'inngest-gateway',
  description: 'A security reverse proxy in front of apps that serve Inngest functions.',
  lang: 'en-US',
  // Without one, browsers request /favicon.ico.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  base: process.env.DOCS_BASE ?? '/',
  srcDir: root,
  srcExclude: ['{test,findings,gateway,conformance,coverage,config,.ci}/**', '**/node_modules/**'],
  outDir: path.join(root, 'docs/site/dist'),
  cacheDir: path.join(root, 'docs/site/.vitepress/cache'),
  rewrites: addressOf,
  cleanUrls: false,
  metaChunk: true,
  vite: { plugins: [vueOfThisFolder] },
  markdown: { anchor: { slugify }, config: resolveLinks },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/' },
      { text: 'All pages', link: '/docs/' },
      { text: 'Reasons', link: '/docs/reference/reasons' },
    ],
    sidebar: sidebar(),
    outline: { level: [2, 4] },
    search: { provider: 'local' },
  },
}
