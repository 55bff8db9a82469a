// The client in a browser: two tabs with one login, which race.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { createClient, webStorage } from '../../src/client/index.ts'
import { type RunningServer, startServer } from '../client/server.ts'
import { goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'

let server: RunningServer
let browser: TestBrowser

before(async () => {
  // The page and the client's own files, as a browser reads them.
  server = await startServer((app) => {
    app.get('/page', (_request, reply) => {
      reply.header('content-security-policy', "default-src 'self'")
      reply.type('text/html').send('<!doctype html><title>page</title>')
    })
    app.get<{ Params: { file: string } }>('/client/:file', (request, reply) => {
      const file = new URL(`../../src/client/${request.params.file}`, import.meta.url)
      reply.type('text/javascript').send(stripTypeScriptTypes(readFileSync(file, 'utf8')))
    })
    app.addHook('onRequest', async ({ url }, reply) => {
      if (url === '/moved/auth/token') await reply.redirect('/auth/token', 307)
    })
  })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await server?.close()
})

interface Client {
  createClient: typeof createClient
  webStorage: typeof webStorage
}
declare global {
  var client: ReturnType<typeof createClient>
  var heard: string[]
}

/** Opens a tab with a client in it, which shares its login with the other tabs. */
async function openTab(page: Page): Promise<Page> {
  await page.goto(`${server.url}/page`)
  await page.evaluate(async (file) => {
    const { createClient, webStorage }: Client = await import(file)
    globalThis.client = createClient({ url: '/', storage: webStorage(localStorage) })
    globalThis.heard = []
    globalThis.client.subscribe((event) => globalThis.heard.push(event.type))
  }, '/client/index.ts')
  return page
}

/** Logs in from a tab, and returns another one that has heard of it. */
async function logInWithTwoTabs(first: Page): Promise<Page> {
  await openTab(first)
  const second = await openTab(await first.context().newPage())
  await first.evaluate((password) => globalThis.client.login('alice', password), goodPassword)
  await second.waitForFunction(() => globalThis.heard.includes('login'))
  return second
}

const burst = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const answers = Array.from({ length: 20 }, () => globalThis.client.fetch('/me'))
    return (await Promise.all(answers)).map(({ status }) => status)
  })

test('two tabs whose token expired exchange it once, and both go on', async (t) => {
  const { page: first, complaints } = await browser.open()
  t.after(() => first.context().close())
  const second = await logInWithTwoTabs(first)

  for (let round = 1; round <= 5; round++) {
    server.clock.advance(16 * 60)
    const start = server.requests.length
    const statuses = (await Promise.all([burst(first), burst(second)])).flat()
    assert.deepEqual([...new Set(statuses)], [200])
    const lines = server.requests.slice(start).map(({ line }) => line)
    assert.equal(lines.filter((line) => line === 'POST /auth/token').length, 1)
  }

  await second.evaluate(() => globalThis.client.logout())
  await first.waitForFunction(() => globalThis.heard.includes('logout'))
  assert.equal(await first.evaluate(() => globalThis.client.isLoggedIn()), false)
  assert.deepEqual(await burst(first), Array(20).fill(401))
  // The browser itself reports each 401.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  )
})

test('without Web Locks two tabs still end with one login', async (t) => {
  const { page: first } = await browser.open()
  t.after(() => first.context().close())
  await first
    .context()
    .addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
  const second = await logInWithTwoTabs(first)
  for (let round = 1; round <= 5; round++) {
    server.clock.advance(16 * 60)
    const statuses = (await Promise.all([burst(first), burst(second)])).flat()
    assert.deepEqual([...new Set(statuses)], [200])
  }
})

test('tokens in memory are gone with the page, and nothing of them is stored', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await page.goto(`${server.url}/page`)
  const kept = await page.evaluate(
    async ({ file, password }) => {
      const { createClient }: Client = await import(file)
      const client = createClient({ url: '/' })
      await client.login('alice', password)
      const { status } = await client.fetch('/me')
      return { status, stored: { ...localStorage, ...sessionStorage }, cookie: document.cookie }
    },
    { file: '/client/index.ts', password: goodPassword },
  )
  assert.deepEqual(kept, { status: 200, stored: {}, cookie: '' })
})

test('a password does not follow a redirect to somewhere else', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await openTab(page)
  const start = server.requests.length
  const code = await page.evaluate(async (password) => {
    const { createClient }: Client = await import(`${location.origin}/client/index.ts`)
    const login = createClient({ url: '/moved' }).login('alice', password)
    return await login.catch((error: { code: string }) => error.code)
  }, goodPassword)
  assert.equal(code, 'unavailable')
  const lines = server.requests.slice(start).map(({ line }) => line)
  assert.deepEqual(lines, ['POST /moved/auth/token'])
})
