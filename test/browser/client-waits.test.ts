// The client in a browser: another tab that is suspended, cookies, and what other scripts store.

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
const cookies: (string | undefined)[] = []

before(async () => {
  server = await startServer((app) => {
    app.addHook('onRequest', async ({ url, headers }) => {
      if (url === '/auth/token') cookies.push(headers.cookie)
    })
    app.get('/page', (_request, reply) => {
      reply.header('content-security-policy', "default-src 'self'")
      reply.header('set-cookie', 'of=another-application')
      reply.type('text/html').send('<!doctype html><title>page</title>')
    })
    app.get<{ Params: { file: string } }>('/client/:file', (request, reply) => {
      const file = new URL(`../../src/client/${request.params.file}`, import.meta.url)
      reply.type('text/javascript').send(stripTypeScriptTypes(readFileSync(file, 'utf8')))
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
  var waiting: ReturnType<typeof createClient>
  var limits: number[]
  var calls: number
  var events: string[]
}

/** Opens a page with a client in it, whose limits are short and written down. */
async function open(page: Page): Promise<void> {
  await page.goto(`${server.url}/page`)
  await page.evaluate(async (file) => {
    const { createClient, webStorage }: Client = await import(file)
    globalThis.limits = []
    globalThis.events = []
    globalThis.waiting = createClient({ url: '/', storage: webStorage(localStorage) })
    globalThis.waiting.subscribe((event) => {
      globalThis.events.push('reason' in event ? `${event.type} ${event.reason}` : event.type)
    })
  }, '/client/index.ts')
}

const logIn = (page: Page): Promise<void> =>
  page.evaluate((password) => globalThis.waiting.login('alice', password), goodPassword)

test('while a suspended tab holds the lock, a request fails after its time and a log-out forgets at once', {
  timeout: 120_000,
}, async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  await logIn(page)
  const suspended = await page.context().newPage()
  await suspended.goto(`${server.url}/page`)
  await suspended.evaluate(async () => {
    const { promise: held, resolve: tellHeld } = Promise.withResolvers<void>()
    void navigator.locks.request('portcullis portcullis', () => {
      tellHeld()
      return new Promise(() => {})
    })
    await held
  })
  const seen = await page.evaluate(async () => {
    const { timeout } = AbortSignal
    AbortSignal.timeout = (milliseconds) => {
      globalThis.limits.push(milliseconds)
      return timeout.call(AbortSignal, milliseconds === 40_000 ? 1 : milliseconds)
    }
    const tokens = JSON.parse(localStorage.getItem('portcullis') ?? '')
    localStorage.setItem('portcullis', JSON.stringify({ ...tokens, expiresAt: 0 }))
    const error = await globalThis.waiting.fetch('me').catch((error) => error)
    const limits = [...globalThis.limits]
    const loggedOut = globalThis.waiting.logout()
    const stored = localStorage.getItem('portcullis')
    await loggedOut
    return { code: error.code, message: error.message, limits, stored }
  })
  assert.equal(seen.code, 'unavailable')
  assert.match(seen.message, /^Another tab is refreshing this login/)
  assert.deepEqual(seen.limits, [40_000])
  assert.equal(seen.stored, null)
  // A login needs no other tab either.
  await logIn(page)
  assert.equal(await page.evaluate(() => globalThis.waiting.isLoggedIn()), true)
})

test('an exchange while no other tab has the lock is not cut short by the wait for it', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  await logIn(page)
  server.clock.advance(16 * 60)
  const status = await page.evaluate(async () => (await globalThis.waiting.fetch('me')).status)
  assert.equal(status, 200)
  assert.equal(await page.evaluate(() => globalThis.events.join()), 'login,refresh')
})

test('an exchange that fails under the lock says why, and does not blame another tab', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  await logIn(page)
  await page.route('**/auth/token', (route) => route.fulfill({ status: 503, json: {} }))
  server.clock.advance(16 * 60)
  const message = await page.evaluate(() =>
    globalThis.waiting.fetch('me').catch((error: Error) => error.message),
  )
  assert.equal(message, 'The server cannot answer now; try again.')
})

test('a login sends no cookie of the page', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  assert.match(await page.evaluate(() => document.cookie), /of=another-application/)
  cookies.length = 0
  await logIn(page)
  assert.deepEqual(cookies, [undefined])
})

test('a storage tells of its own key in its own area, and of an area that was cleared', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  const calls = await page.evaluate(async (file) => {
    const { webStorage }: Client = await import(file)
    globalThis.calls = 0
    const stop = webStorage(localStorage).subscribe?.(() => {
      globalThis.calls += 1
    })
    const counts = [
      { key: 'portcullis', storageArea: localStorage },
      { key: null, storageArea: localStorage },
      { key: 'other', storageArea: localStorage },
      { key: 'portcullis', storageArea: sessionStorage },
      { key: null, storageArea: sessionStorage },
    ].map((told) => {
      dispatchEvent(new StorageEvent('storage', told))
      return globalThis.calls
    })
    stop?.()
    dispatchEvent(new StorageEvent('storage', { key: null, storageArea: localStorage }))
    return [...counts, globalThis.calls]
  }, '/client/index.ts')
  assert.deepEqual(calls, [1, 2, 2, 2, 2, 2])
})

test('a tab that clears the storage logs the others out', async (t) => {
  const { page } = await browser.open()
  t.after(() => page.context().close())
  await open(page)
  await logIn(page)
  const other = await page.context().newPage()
  await other.goto(`${server.url}/page`)
  await other.evaluate(() => localStorage.clear())
  await page.waitForFunction(() => globalThis.events.includes('logout elsewhere'))
  assert.equal(await page.evaluate(() => globalThis.waiting.isLoggedIn()), false)
})
