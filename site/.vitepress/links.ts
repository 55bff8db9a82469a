import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/** What a link becomes when the site has no page for it: code and tests are in the repository alone. */
const noLink = { tag: 'span', attrs: null }

/** Leads a link to a folder to its README, and makes a link to a file that is no page a text. */
export function linkPages(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('link-pages', ({ tokens, env }) => {
    for (const { children } of tokens) {
      let linked = true
      for (const token of children ?? []) {
        if (token.type === 'link_close' && !linked) token.tag = noLink.tag
        if (token.type !== 'link_open') continue
        const target = pageOf(token.attrGet('href') ?? '', dirname(env.path))
        linked = target !== undefined
        if (linked) token.attrSet('href', target as string)
        else Object.assign(token, noLink)
      }
    }
  })
}

/** Where a link leads on the site; undefined for what is no page. */
function pageOf(href: string, folder: string): string | undefined {
  const [path = ''] = href.split('#')
  if (/^([a-z]+:|\/)/.test(href) || path === '' || path.endsWith('.md')) return href
  return existsSync(join(folder, path, 'README.md')) ? join(path, 'README.md') : undefined
}

/** The anchor of a heading, as GitHub makes it: the links of the documents are written for both. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-')
}
