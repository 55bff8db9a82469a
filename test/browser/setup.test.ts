import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import type { Auth } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { createSetup, type Setup } from '../../src/server/setup.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'

/** What the browser itself writes into the console about a form that is sent back. */
const refused =
  'Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)'

let auth: Auth
let setup: Setup
let app: FastifyInstance
let browser: TestBrowser
let origin: string
/** The request URLs and Referer headers that the server was sent. */
const seen: string[] = []

before(async () => {
  auth = await createTestAuth()
  setup = createSetup(auth.clock)
  app = await buildApp({ auth, setup })
  app.addHook('onRequest', async ({ originalUrl, headers }) => {
    seen.push(originalUrl, headers.referer ?? '')
  })
  origin = await app.listen({ host: '127.0.0.1', port: 0 })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await app?.close()
  await auth?.close()
})

async function fillIn(page: Page, password: string, repeated = password): Promise<void> {
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Password again').fill(repeated)
  await page.getByRole('button', { name: 'Create the administrator' }).click()
}

/** A page of another server that waits for its first administrator. */
async function openAnother(
  t: TestContext,
  docs: boolean,
): Promise<{ page: Page; users: Auth['users']; code: string; link: string }> {
  const fresh = await createTestAuth()
  const opened = createSetup(fresh.clock)
  const other = await buildApp({ auth: fresh, setup: opened, docs })
  const link = `${await other.listen({ host: '127.0.0.1', port: 0 })}/setup`
  const { page } = await browser.open()
  t.after(async () => {
    await page.context().close()
    await other.close()
    await fresh.close()
  })
  return { page, users: fresh.users, code: opened.code, link }
}

test('the set-up link leads to the first administrator, and its code to nobody', async (t) => {
  const { page, requests, complaints } = await browser.open()
  t.after(() => page.context().close())

  // The link: the script takes the code from the address bar into the form.
  await page.goto(`${origin}/setup#${setup.code}`)
  await page.getByRole('heading', { name: 'Create the first administrator' }).waitFor()
  assert.equal(page.url(), `${origin}/setup`)
  assert.equal(await page.getByLabel('Set-up code').isVisible(), false)
  assert.equal(await page.locator('input[name=code]').inputValue(), setup.code)

  // Two refusals: each says why, and keeps the code and the username.
  await fillIn(page, 'password')
  await page.locator('#password-error').getByText('15 characters').waitFor()
  assert.equal(await page.getByLabel('Username').inputValue(), 'alice')
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '')
  assert.equal(await page.getByLabel('Set-up code').isVisible(), false)
  assert.equal((await auth.users.counts()).total, 0)
  await fillIn(page, goodPassword, `${goodPassword} and more`)
  await page.locator('#repeated-error').getByText('The passwords differ.').waitFor()

  await fillIn(page, goodPassword)
  await page.getByText('alice can log in now.').waitFor()
  assert.equal(page.url(), `${origin}/setup`)
  const alice = await auth.users.findByUsername('alice')
  assert.equal(alice?.role, 'admin')

  await page.getByRole('link', { name: 'Swagger UI' }).click()
  await page.waitForURL(`${origin}/docs`)
  await page.getByRole('button', { name: 'Authorize' }).first().waitFor()

  assert.ok(seen.includes('/setup') && seen.includes('/docs'))
  for (const text of [...seen, ...requests.map((url) => url.split('#', 1)[0])]) {
    assert.ok(!text?.includes(setup.code), 'the code is in a request URL or a Referer')
  }
  for (const url of requests) assert.equal(new URL(url).origin, origin)
  assert.deepEqual(complaints, [refused, refused])

  // The page says so to a visitor who opens the link later.
  await page.goto(`${origin}/setup#${setup.code}`)
  await page.getByRole('heading', { name: 'Already set up' }).waitFor()
})

test('the page without a code asks for it, and a wrong one is refused', async (t) => {
  const { page, users, code, link } = await openAnother(t, true)
  await page.goto(link)

  await page.getByLabel('Set-up code').fill('guessed')
  await fillIn(page, goodPassword)
  await page.locator('#code-error').getByText('The set-up code is not right').waitFor()
  assert.equal((await users.counts()).total, 0)

  // The code typed by hand works as well.
  await page.getByLabel('Set-up code').fill(code)
  await fillIn(page, goodPassword)
  await page.getByText('alice can log in now.').waitFor()
})

test('a server without documentation does not send its administrator there', async (t) => {
  const { page, code, link } = await openAnother(t, false)
  await page.goto(`${link}#${code}`)
  await fillIn(page, goodPassword)
  await page.getByText('alice can log in now.').waitFor()
  assert.equal(await page.getByRole('link').count(), 0)

  await page.goto(link)
  await page.getByRole('heading', { name: 'Already set up' }).waitFor()
  assert.equal(await page.getByRole('link').count(), 0)
})
