// The example with server-rendered pages, in a browser: a cookie there, the tokens here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildApp } from '../../src/server/app.ts'
import { launchChromium } from '../browser/chromium.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { startExample } from './process.ts'

/** The API with the user alice, and the pages in front of it. */
async function startBoth(t: TestContext) {
  const auth = await createTestAuth()
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  const trustedProxies = { addresses: ['127.0.0.1'], hops: 1 }
  const api = await buildApp({ auth, trustedProxies })
  const API_URL = await api.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => api.close())
  const { url } = await startExample(t, 'server-rendered/app.ts', {
    API_URL,
    TRUST_PROXY: '127.0.0.1',
  })
  return { auth, id, url: url.replace('[::1]', '127.0.0.1') }
}

test('server-rendered: a browser logs in, stays logged in and logs out, and sees no token', async (t) => {
  const { auth, id, url } = await startBoth(t)
  const browser = await launchChromium()
  t.after(() => browser.close())
  const { page } = await browser.open()
  const logIn = async (password: string): Promise<void> => {
    await page.getByLabel('Name').fill('alice')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  await page.goto(url)
  assert.equal(new URL(page.url()).pathname, '/login')
  await logIn('another password')
  await page.getByText('Incorrect username or password').waitFor()
  await logIn(goodPassword)
  await page.getByRole('heading', { name: 'Hello, alice' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Hello, alice' }).waitFor()

  const cookies = await page.context().cookies()
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
    [{ name: 'login', httpOnly: true, sameSite: 'Lax' }],
  )
  assert.match(String(cookies[0]?.value), /^[\w-]{43}$/)

  // A session that ended elsewhere: the next page is the login.
  await auth.users.endSessions(id)
  await page.reload()
  assert.equal(new URL(page.url()).pathname, '/login')

  await logIn(goodPassword)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  assert.deepEqual(await page.context().cookies(), [])
  assert.deepEqual(await auth.sessions.list(id), [])
})

test('server-rendered: a form of another site changes nothing', async (t) => {
  const { url } = await startBoth(t)
  const browser = await launchChromium()
  t.after(() => browser.close())
  const { page } = await browser.open()
  await page.setContent(`<form method="post" action="${url}/login"><button>Win</button></form>`)
  await page.getByRole('button').click()
  await page.getByText('Use the form of this site.').waitFor()
  assert.equal((await fetch(`${url}/logout`, { method: 'POST' })).status, 403)
})

test('server-rendered: the server counts a login by the address of the browser', async (t) => {
  const { auth, id, url } = await startBoth(t)
  const body = new URLSearchParams({ username: 'alice', password: goodPassword })
  const headers = { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '203.0.113.9' }
  const answer = await fetch(`${url}/login`, { method: 'POST', body, headers, redirect: 'manual' })
  assert.equal(answer.status, 303)
  const [session] = await auth.sessions.list(id)
  assert.equal(session?.address, '203.0.113.9')
})

test('server-rendered: the page of docs shows the example as it is', () => {
  const code = readFileSync(join(root, 'examples/server-rendered/pages.ts'), 'utf8')
  const page = readFileSync(join(root, 'docs/server-rendered.md'), 'utf8')
  assert.ok(page.includes(code), `docs/server-rendered.md lacks:\n${code}`)
})
