// The documents as a site: it builds, a reader finds every page, and it fits a phone.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, posix, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { findBarriers } from '../browser/accessibility.ts'
import { launchChromium, type TestBrowser } from '../browser/chromium.ts'
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

/** The pages of the site by their URLs, without the one for what is not found. */
function readPages(): ReadonlyMap<string, string> {
  const files = globSync('**/*.html', { cwd: built }).filter((file) => file !== '404.html')
  return new Map(
    files.map((file) => [
      `/${file.replaceAll('\\', '/').replace(/(index)?\.html$/, '')}`,
      readFileSync(join(built, file), 'utf8'),
    ]),
  )
}

/** Where the sidebar of a page leads, in its order. */
function sidebarOf(page: string | undefined): readonly string[] {
  const [, sidebar = ''] = /<aside class="VPSidebar"([\s\S]*?)<\/aside>/.exec(page ?? '') ?? []
  return [...sidebar.matchAll(/href="(\/[^"]+)"/g)].map(([, link = '']) => link)
}

test('the sidebar of the site has every page of docs once', () => {
  const linked = sidebarOf(readPages().get('/docs/guards')).filter((link) =>
    link.startsWith('/docs/'),
  )
  const pages = globSync('docs/**/*.md', { cwd: root }).map((path) =>
    relative('docs', path).replaceAll('\\', '/').replace(/\.md$/, ''),
  )
  assert.deepEqual(linked.toSorted(), pages.map((page) => `/docs/${page}`).sort())
})

test('the sidebar leads from the tutorial by the jobs and the reference to the explanations', () => {
  const links = sidebarOf(readPages().get('/docs/guards'))
  const marks = ['tutorial/1-login', 'guards', 'deploying', 'library-api', 'how-it-works']
  const places = marks.map((name) => links.indexOf(`/docs/${name}`))
  assert.ok(!places.includes(-1))
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
})

test('every link between pages of the site leads to a page and a heading that it has', () => {
  const pages = readPages()
  const broken: string[] = []
  let followed = 0
  for (const [url, text] of pages) {
    for (const [, link = ''] of text.matchAll(/<a\s[^>]*?href="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(link)) continue
      followed += 1
      const [path = '', anchor = ''] = link.split('#')
      const target = path === '' ? url : posix.join(posix.dirname(url), path)
      const page = pages.get(path.startsWith('/') ? path : target)
      const heading = decodeURIComponent(anchor)
      if (!page?.includes(anchor === '' ? '' : ` id="${heading}"`)) broken.push(`${url}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
  assert.ok(followed > 500)
})

test('every page of the site has a title of its own', () => {
  const titles = [...readPages().values()].map((page) => /<title>(.*?)<\/title>/.exec(page)?.[1])
  assert.ok(
    titles.every((title) => /^.+ \| Portcullis$/.test(title ?? '')),
    titles.join('\n'),
  )
  const readmes = titles.filter((title, place) => titles.indexOf(title) !== place)
  assert.deepEqual(readmes, [])
})

test('the landing page begins with the code of the README, and has its three doors', () => {
  const [, code = ''] =
    /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
  const landing = readPages().get('/') ?? ''
  const [, shown = ''] = /<code[^>]*>([\s\S]*?)<\/code>/.exec(landing) ?? []
  assert.match(code, /secured\(activeUser/)
  assert.equal(textOf(shown), code.trimEnd())
  const doors = [...landing.matchAll(/<div class="door"><h2.*?<a href="([^"]*)"/g)]
  assert.deepEqual(
    doors.map(([, link]) => link),
    ['/docs/tutorial/1-login', '/docs/getting-started', '/docs/coming-from-fastapi'],
  )
})

/** What a reader sees of a piece of HTML. */
function textOf(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Serves the built site as a host of static files does. */
async function serveSite(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://site')
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const file = join(built, extname(name) === '' ? `${name}.html` : name)
    if (!existsSync(file)) response.writeHead(404).end()
    else response.setHeader('content-type', types[extname(file)] ?? '').end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** The screen of a small phone. */
const viewport = { width: 360, height: 740 }

describe('in a browser', () => {
  let browser: TestBrowser
  let server: Awaited<ReturnType<typeof serveSite>>

  before(async () => {
    server = await serveSite()
    browser = await launchChromium()
  })

  after(async () => {
    await browser.close()
    server.close()
  })

  test('no page of the site is wider than a phone, and no table has to be scrolled', async () => {
    // As they are before their scripts run, which is faster.
    const { page } = await browser.open({ viewport, javaScriptEnabled: false })
    const wide: string[] = []
    for (const path of readPages().keys()) {
      await page.goto(server.url + path)
      const tooWide = await page.evaluate(
        () =>
          [document.documentElement, ...document.querySelectorAll('table')].filter(
            ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
          ).length,
      )
      if (tooWide > 0) wide.push(path)
    }
    assert.deepEqual(wide, [])
  })

  test('on a phone a row of a wide table is a list that names its columns', async () => {
    const { page } = await browser.open({ viewport, javaScriptEnabled: false })
    await page.goto(`${server.url}/docs/options`)
    const [names, places] = await page.evaluate(() => {
      const row = document.querySelector('table')?.rows[1]
      const cells = [...(row?.cells ?? [])].filter((cell) => cell.textContent !== '')
      return [
        cells.map((cell) => getComputedStyle(cell, '::before').content),
        cells.map((cell) => cell.getBoundingClientRect().left),
      ] as const
    })
    assert.deepEqual(names, ['none', '"type: "', '"default: "', '"what it is: "'])
    assert.equal(new Set(places).size, 1, 'each value begins a line')
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the pages of the site have no barriers on a phone in the ${colorScheme} scheme`, async () => {
      const { page, complaints } = await browser.open({ colorScheme, viewport })
      for (const path of ['/', '/docs/tutorial/1-login', '/docs/options', '/docs/guards']) {
        await page.goto(server.url + path)
        await page.waitForLoadState('networkidle')
        assert.deepEqual(await findBarriers(page), [], path)
      }
      assert.deepEqual(complaints, [])
    })
  }
})
