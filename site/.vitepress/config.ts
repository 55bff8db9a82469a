import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { faviconOf } from '../../src/pages/logo.ts'
import { colours, defaultAccent } from '../../src/pages/style.ts'
import { anchorOf, linkPages } from './links.ts'
import { sidebar } from './sidebar.ts'
import { fitTables } from './tables.ts'

/** Where the pages, which are above this folder, find the runtime of the generator. */
const vue = dirname(fileURLToPath(import.meta.resolve('vue/package.json')))

// The site is the documents of the repository as they are: nothing is written twice.
// biome-ignore lint/style/noDefaultExport: the generator asks for it.
export default defineConfig({
  title: 'Portcullis',
  description:
    'Logins, sessions and route guards for a TypeScript API: a library and a ready server.',
  lang: 'en',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '{data,deploy,dist,src,test}/**'],
  rewrites: { 'site/index.md': 'index.md' },
  cleanUrls: true,
  // Its heading is the name of the site, which is no title of a page.
  transformPageData: ({ relativePath }) =>
    relativePath === 'README.md' ? { title: 'What it is, and is not' } : undefined,
  head: [
    ['link', { rel: 'icon', href: faviconOf(defaultAccent) }],
    ['style', {}, `:root { ${colours} }`],
  ],
  markdown: {
    // The comments of the default ones are too pale.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
    anchor: { slugify: anchorOf },
    config(markdown) {
      linkPages(markdown)
      fitTables(markdown)
    },
  },
  // The repository's own settings are for Node, and unknown to the bundler here.
  vite: { resolve: { alias: { vue } }, esbuild: { tsconfigRaw: '{}' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/docs/tutorial/1-login' },
      { text: 'Guards', link: '/docs/guards' },
      { text: 'Reference', link: '/docs/library-api' },
      { text: 'Security', link: '/SECURITY' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar,
  },
})
