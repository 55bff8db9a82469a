import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

/** Where the pages, which are above this folder, find the runtime of the generator. */
const vue = dirname(fileURLToPath(import.meta.resolve('vue/package.json')))

const page = (text: string, name: string) => ({ text, link: `/docs/${name}` })

// The site is the documents of the repository as they are: nothing is written twice.
export default defineConfig({
  title: 'Portcullis',
  description: 'Log in, get a short-lived signed token, guard routes by user, role and permission.',
  lang: 'en',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '{bench,data,dist,examples,site,test}/**'],
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  vite: { resolve: { alias: { vue } } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'Security', link: '/SECURITY' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'What it is', link: '/' },
          page('Coming from FastAPI', 'coming-from-fastapi'),
        ],
      },
    ],
  },
})
