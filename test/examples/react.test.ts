// The single page, built by Vite, in a browser, against the server of the quickstart.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { build, type PreviewServer, preview } from 'vite'
import { type Auth, createAuth } from '../../src/core/auth.ts'
import { form } from '../../src/pages/form.ts'
import { page as serverPage } from '../../src/pages/page.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { findBarriers } from '../browser/accessibility.ts'
import { launchChromium, type TestBrowser } from '../browser/chromium.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { startExample } from './process.ts'

const ends: (() => unknown)[] = []
const outDir = mkdtempSync(join(tmpdir(), 'portcullis-react-'))
let auth: Auth
let site: PreviewServer
let browser: TestBrowser
let page: Page
let complaints: readonly string[]

before(async () => {
  const server = await startExample({ after: (end) => ends.push(end) }, 'quickstart/app.ts')
  auth = await createAuth({ store: sqlite(join(server.directory, 'app.db')) })
  await auth.users.create({ username: 'bob', password: goodPassword })
  process.env.API = server.url
  const options = {
    root: join(root, 'examples/react'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
    resolve: { alias: { 'portcullis/client': join(root, 'src/client/index.ts') } },
  } as const
  await build(options)
  site = await preview({ ...options, preview: { host: '127.0.0.1', port: 0 } })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await site?.close()
  await auth?.close()
  for (const end of ends) await end()
  rmSync(outDir, { recursive: true, force: true })
})

async function open(t: TestContext, options: BrowserContextOptions = {}): Promise<void> {
  ;({ page, complaints } = await browser.open(options))
  t.after(() => page.context().close())
  await page.goto(site.resolvedUrls?.local[0] ?? '')
}

async function logIn(username: string, password = goodPassword): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

const heading = (name: string) => page.getByRole('heading', { name }).waitFor()
const alert = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor()
const press = (name: string) => page.getByRole('button', { name }).click()

test('react: a login survives a reload, and a log-out is one', async (t) => {
  await open(t)
  await logIn('alice', 'another password')
  await alert('Incorrect username or password.')
  assert.equal(await page.getByLabel('Username').inputValue(), 'alice')
  await page.locator('[name=password][aria-invalid=true]:focus').waitFor()
  await logIn('alice')
  await heading('Hello, alice')
  await page.getByText('Your role is admin.').waitFor()
  await press('Count users')
  await page.getByText('Number of users: 2').waitFor()
  await page.reload()
  await heading('Hello, alice')
  await press('Log out')
  await heading('Log in')
  await page.reload()
  await heading('Log in')
  const alice = await auth.users.findByUsername('alice')
  assert.deepEqual(await auth.sessions.list(alice?.id ?? ''), [])
  // The browser itself reports each answer that is a refusal.
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  )
})

test('react: what the server refuses is said, and a session that ended asks for a login', async (t) => {
  await open(t)
  await logIn('bob')
  await heading('Hello, bob')
  await press('Count users')
  await alert('Not enough permissions')
  const bob = await auth.users.findByUsername('bob')
  await auth.users.endSessions(bob?.id ?? '')
  await press('Count users')
  await heading('Log in')
  await page.getByRole('status').filter({ hasText: 'Your session has ended.' }).waitFor()
})

/** Opens the page with a clock that stands still, and fails until the server asks for a wait. */
async function failUntilThrottled(t: TestContext): Promise<void> {
  await open(t)
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 1000)
  for (let status = 0; status !== 429; ) {
    const answer = page.waitForResponse('**/auth/token')
    await logIn('nobody', 'another password')
    status = (await answer).status()
    // The form is emptied with the answer: what is typed before that is lost.
    await page.locator('form[aria-busy=false]').waitFor()
  }
  await alert('Too many failed attempts.')
}

const logInButton = (name: string | RegExp, disabled: boolean) =>
  page.getByRole('button', { name, exact: true, disabled })

test('react: after too many failures the button counts the seconds down, then works again', async (t) => {
  await failUntilThrottled(t)
  const label = await logInButton(/wait \d+ s/, true).textContent()
  const [seconds = ''] = /[1-9]\d*/.exec(label ?? '') ?? []
  for (let left = Number(seconds); left > 0; left -= 1) {
    await logInButton(`Log in (wait ${left} s)`, true).waitFor()
    await page.clock.runFor(1000)
  }
  await logInButton('Log in', false).waitFor()
})

test('react: another user need not wait', async (t) => {
  await failUntilThrottled(t)
  await logInButton(/wait \d+ s/, true).waitFor()
  await logIn('bob')
  await heading('Hello, bob')
})

test('react: without a connection each step says so, and can be tried again', async (t) => {
  await open(t)
  await page.context().setOffline(true)
  await logIn('alice')
  await alert('The server does not answer.')
  assert.equal(await page.locator('[aria-invalid=true]').count(), 0)
  await page.context().setOffline(false)

  // The answer to /me is held back, and then does not come.
  const held = Promise.withResolvers<void>()
  await page.route('**/me', async (route) => {
    await held.promise
    await route.abort()
  })
  await logIn('alice')
  await page.getByText('Loading…').waitFor()
  held.resolve()
  await alert('The server does not answer.')
  await page.unroute('**/me')
  await press('Try again')
  await heading('Hello, alice')

  await page.context().setOffline(true)
  await press('Log out')
  await heading('Log in')
  await page.getByText('You are logged out here. The server did not answer').waitFor()
})

test('react: a button shows the password', async (t) => {
  await open(t)
  const field = page.locator('[name=password]')
  await press('Show password')
  assert.equal(await field.getAttribute('type'), 'text')
  await press('Hide password')
  assert.equal(await field.getAttribute('type'), 'password')
})

test('react: the page fits a narrow screen, and its fields are easy to hit', async (t) => {
  await open(t, { viewport: { width: 320, height: 800 } })
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
  const boxes = await Promise.all(
    ['Username', 'Password'].map((name) => page.getByLabel(name, { exact: true }).boundingBox()),
  )
  const [username, password] = boxes
  assert.ok(username && password && username.height >= 44 && password.height >= 44)
  assert.ok(password.y - (username.y + username.height) >= 24, 'the fields do not touch')
})

/** How each part of a page is drawn, by its selector. */
async function looksOf(parts: readonly string[]): Promise<unknown> {
  return await page.evaluate((selectors) => {
    const properties = [
      ...['color', 'background-color', 'font-family', 'font-size', 'font-weight', 'line-height'],
      ...['border-top', 'border-radius', 'box-shadow', 'padding', 'outline'],
    ]
    return selectors.map((selector) => {
      const part = document.querySelector(selector)
      if (!part) return `${selector} is absent`
      const style = getComputedStyle(part)
      return [selector, ...properties.map((name) => `${name}: ${style.getPropertyValue(name)}`)]
    })
  }, parts)
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`react: it looks like the pages of the server (${colorScheme})`, async (t) => {
    const parts = [
      ...['body', 'header', 'main', 'h1', 'label', 'input', 'input[aria-invalid=true]'],
      ...['.with-button > button', 'button.main', '.error', '.error > .icon'],
    ]
    for (const width of [360, 1280]) {
      await open(t, { colorScheme, reducedMotion: 'reduce', viewport: { width, height: 800 } })
      await logIn('alice', 'another password')
      await alert('Incorrect username or password.')
      await page.mouse.move(0, 0)
      await logInButton('Log in', false).waitFor()
      const looks = await looksOf(parts)
      const fields = [
        { name: 'username', label: 'Username', autocomplete: 'username' },
        { name: 'password', label: 'Password', type: 'password', autocomplete: 'off' },
      ] as const
      const problems = [{ field: 'password', text: 'Incorrect username or password.' }]
      const body = form({ fields, button: 'Log in', problems })
      await page.setContent(serverPage({ title: 'Log in', body }).html)
      await page.getByLabel('Password', { exact: true }).focus()
      assert.deepEqual(looks, await looksOf(parts), `${width} px`)
    }
  })

  test(`react: nothing is in the way of people with a disability (${colorScheme})`, async (t) => {
    await open(t, { colorScheme })
    assert.deepEqual(await findBarriers(page), [])
    await logIn('alice', 'another password')
    await alert('Incorrect username or password.')
    assert.deepEqual(await findBarriers(page), [])
    await logIn('alice')
    await heading('Hello, alice')
    await press('Count users')
    await page.getByText('Number of users').waitFor()
    assert.deepEqual(await findBarriers(page), [])
  })
}
