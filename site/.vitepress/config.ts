import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

/** Where the pages, which are above this folder, find the runtime of the generator. */
const vue = dirname(fileURLToPath(import.meta.resolve('vue/package.json')))

const examples = new URL('../../examples/', import.meta.url)

const page = (text: string, name: string) => ({ text, link: `/docs/${name}` })

// The site is the documents of the repository as they are: nothing is written twice.
// biome-ignore lint/style/noDefaultExport: the generator asks for it.
export default defineConfig({
  title: 'Portcullis',
  description: 'Log in, get a short-lived signed token, guard routes by user, role and permission.',
  lang: 'en',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '{data,deploy,dist,site,src,test}/**'],
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  // The folders of the examples are code.
  ignoreDeadLinks: readdirSync(examples).map((name) => `./${name}`),
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
          page('Getting started', 'getting-started'),
          page('Coming from FastAPI', 'coming-from-fastapi'),
          page('How it works', 'how-it-works'),
          page('Why not …?', 'why-not'),
          { text: 'Examples', link: '/examples/README' },
        ],
      },
      {
        text: 'Tutorial',
        items: [
          page('1. A login', 'tutorial/1-login'),
          page('2. A guard', 'tutorial/2-guard'),
          page('3. Roles and permissions', 'tutorial/3-roles-and-permissions'),
          page('4. Refresh and log-out', 'tutorial/4-refresh-and-log-out'),
        ],
      },
      {
        text: 'Guides',
        items: [
          page('Guards', 'guards'),
          page('Sessions', 'sessions'),
          page('Signing keys', 'keys'),
          page('OAuth clients', 'clients'),
          page('Logging in from a browser', 'client'),
          page('Other frameworks', 'frameworks'),
          page('Testing', 'testing'),
          page('Importing users', 'importing-users'),
          page('Moving to an identity provider', 'moving-to-an-identity-provider'),
        ],
      },
      {
        text: 'By job',
        items: [
          page('Letting people register', 'registration'),
          page('A profile beside the user', 'profiles'),
          page('Your own users table, or an ORM', 'own-store'),
          page('Server-rendered pages', 'server-rendered'),
          page('Services in other languages', 'other-services'),
          page('Keycloak in development', 'keycloak-in-development'),
        ],
      },
      {
        text: 'Operation',
        items: [
          page('Deploying', 'deploying'),
          page('PostgreSQL', 'postgres'),
          page('Scaling', 'scaling'),
          page('Backup and restore', 'backup'),
          page('A database you already have', 'existing-database'),
          page('Upgrading', 'upgrading'),
          page('Metrics', 'metrics'),
          page('Events', 'events'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('The ready server', 'server'),
          page('HTTP routes', 'http-api'),
          page('The library', 'library-api'),
          page('Options', 'options'),
          page('Errors', 'errors'),
          page('Configuration', 'configuration'),
          page('Command line', 'command-line'),
        ],
      },
      {
        text: 'Security',
        items: [
          { text: 'What is defended', link: '/SECURITY' },
          page('Requirements', 'security-requirements'),
        ],
      },
      {
        text: 'Project',
        items: [
          { text: 'Architecture', link: '/ARCHITECTURE' },
          { text: 'Contributing', link: '/CONTRIBUTING' },
          { text: 'Changelog', link: '/CHANGELOG' },
          { text: 'Measured', link: '/bench/README' },
        ],
      },
    ],
  },
})
