// The documents as a site: it builds, and a reader finds every page.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { root } from './sources.ts'

const execute = promisify(execFile)
const site = join(root, 'site')
let built: string

before(async () => {
  const generator = join(site, 'node_modules/vitepress/bin/vitepress.js')
  if (!existsSync(generator)) {
    await execute('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: site })
  }
  built = mkdtempSync(join(tmpdir(), 'portcullis-site-'))
  // Fails at a link that leads nowhere.
  await execute(process.execPath, [generator, 'build', '--outDir', built], { cwd: site })
})

after(() => rmSync(built, { recursive: true, force: true }))

test('the sidebar of the site has every page of docs', () => {
  const home = readFileSync(join(built, 'index.html'), 'utf8')
  const [, sidebar = ''] = /<aside class="VPSidebar"([\s\S]*?)<\/aside>/.exec(home) ?? []
  const linked = [...sidebar.matchAll(/href="\/docs\/([^"]+)"/g)].map(([, name]) => name)
  const pages = globSync('docs/**/*.md', { cwd: root }).map((path) =>
    relative('docs', path).replace(/\.md$/, ''),
  )
  assert.deepEqual(linked.toSorted(), pages.sort())
})

test('every page that the site links to in its sidebar was built', () => {
  const home = readFileSync(join(built, 'index.html'), 'utf8')
  const [, sidebar = ''] = /<aside class="VPSidebar"([\s\S]*?)<\/aside>/.exec(home) ?? []
  const links = [...sidebar.matchAll(/href="(\/[^"]+)"/g)].map(([, link = '']) => link)
  assert.ok(links.length > 20)
  assert.deepEqual(
    links.filter((link) => !existsSync(join(built, `${link}.html`))),
    [],
  )
})
