import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Locator, Page, Request } from 'playwright-core'
import type { Auth } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { permissions } from '../../src/server/permissions.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { launchChromium, networkName, type TestBrowser, type WatchedPage } from './chromium.ts'
import { execute } from './swagger-page.ts'

let auth: Auth
let app: FastifyInstance
let browser: TestBrowser
let origin: string

before(async () => {
  auth = await createTestAuth({ permissions })
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'admin' })
  await auth.users.create({ username: 'bob', password: goodPassword, role: 'member' })
  app = await buildApp({ auth })
  origin = await app.listen({ host: '127.0.0.1', port: 0 })
  browser = await launchChromium()
})

after(async () => {
  await browser?.close()
  await app?.close()
  await auth?.close()
})

/** What the browser itself writes into the console about an answer. */
const refused = (status: string): string =>
  `Failed to load resource: the server responded with a status of ${status}`

async function openDocs(t: TestContext, from = origin): Promise<WatchedPage> {
  const watched = await browser.open()
  t.after(() => watched.page.context().close())
  await watched.page.goto(`${from}/docs`)
  await watched.page.locator('.opblock').first().waitFor()
  return watched
}

async function openDialog(page: Page): Promise<Locator> {
  await page.locator('.btn.authorize').first().click()
  const dialog = page.locator('.dialog-ux')
  await dialog.waitFor()
  return dialog
}

/** Fills in the dialog and presses Authorize; returns the request for the token. */
async function submit(
  page: Page,
  username: string,
  password: string,
  scopes: readonly string[] = [],
): Promise<Request> {
  const dialog = await openDialog(page)
  for (const scope of scopes) await dialog.locator('label', { hasText: scope }).click()
  await dialog.getByLabel('username:').fill(username)
  await dialog.getByLabel('password:').fill(password)
  const requested = page.waitForRequest(`${new URL(page.url()).origin}/auth/token`)
  await dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
  return await requested
}

async function logIn(page: Page, username: string, scopes?: readonly string[]): Promise<Request> {
  const request = await submit(page, username, goodPassword, scopes)
  await page.getByRole('button', { name: 'Remove authorization' }).waitFor()
  await page.locator('.dialog-ux').getByRole('button', { name: 'Close' }).click()
  return request
}

async function logOut(page: Page): Promise<void> {
  const dialog = await openDialog(page)
  await dialog.getByRole('button', { name: 'Remove authorization' }).click()
  await dialog.getByRole('button', { name: 'Apply given OAuth2 credentials' }).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
}

function assertOwnRequestsOnly({ requests }: WatchedPage, from = origin): void {
  assert.notEqual(requests.length, 0)
  for (const url of requests) {
    assert.ok(url.startsWith('data:') || new URL(url).origin === from, `${url} is elsewhere`)
  }
}

test('every guarded route has a lock, and no other', async (t) => {
  const watched = await openDocs(t)
  const { page } = watched
  const shown = await page.locator('.opblock').evaluateAll((blocks) =>
    blocks.map((block) => ({
      path: block.querySelector('[data-path]')?.getAttribute('data-path') ?? '',
      locked: block.querySelector('.authorization__btn') !== null,
    })),
  )
  const paths = new Set(shown.map(({ path }) => path))
  for (const path of ['/auth/token', '/health/live', '/health/ready', '/me', '/admin/stats']) {
    assert.ok(paths.has(path), `${path} is not shown`)
  }
  assert.ok(!paths.has('/setup') && !paths.has('/openapi.json'))
  for (const { path, locked } of shown) {
    assert.equal(locked, path.startsWith('/me') || path.startsWith('/admin/'), path)
  }
  assertOwnRequestsOnly(watched)
  assert.deepEqual(watched.complaints, [])
})

test('the Authorize dialog lists every permission with its description', async (t) => {
  const { page, complaints } = await openDocs(t)
  const dialog = await openDialog(page)
  const scopes = await dialog.locator('.scopes .checkbox').evaluateAll((boxes) =>
    boxes.map((box) => ({
      name: box.querySelector('.name')?.textContent,
      description: box.querySelector('.description')?.textContent,
    })),
  )
  assert.deepEqual(scopes, [
    { name: 'events:read', description: 'Read what happened: logins, changes, and by whom' },
    { name: 'stats:read', description: 'See how many users there are' },
    { name: 'users:read', description: 'List and read users' },
    { name: 'users:write', description: 'Create, change and delete users' },
  ])
  assert.deepEqual(complaints, [])
})

test('a member logs in with empty client fields, is known, and is kept from the administration', async (t) => {
  const watched = await openDocs(t)
  const { page } = watched
  const request = await logIn(page, 'bob')
  assert.equal((await request.allHeaders()).authorization, 'Basic Og==')
  assert.equal(await page.locator('.authorization__btn.unlocked').count(), 0)

  assert.match(await execute(page, '/me', 200), /"username":\s*"bob"/)
  assert.match(await execute(page, '/admin/stats', 403), /Not enough permissions/)

  assertOwnRequestsOnly(watched)
  assert.deepEqual(watched.complaints, [refused('403 (Forbidden)')])
})

test('an administrator reads the statistics, and after logging out is not known', async (t) => {
  const watched = await openDocs(t)
  const { page } = watched
  await logIn(page, 'alice')
  assert.match(await execute(page, '/admin/stats', 200), /"requested_by":\s*"alice"/)
  assert.match(await execute(page, '/me', 200), /"username":\s*"alice"/)

  await logOut(page)
  assert.match(await execute(page, '/me', 401), /Not authenticated/)

  assertOwnRequestsOnly(watched)
  assert.deepEqual(watched.complaints, [refused('401 (Unauthorized)')])
})

test('a login with one scope ticked is granted that one and no more', async (t) => {
  const watched = await openDocs(t)
  const { page } = watched
  await logIn(page, 'alice', ['users:read'])
  assert.match(await execute(page, '/me', 200), /"scope":\s*"users:read"/)
  assert.match(await execute(page, '/admin/stats', 403), /insufficient_scope/)
})

test('a wrong password is explained in the dialog, and the routes stay closed', async (t) => {
  const watched = await openDocs(t)
  const { page } = watched
  await submit(page, 'alice', 'not the password of alice')
  const error = page.locator('.dialog-ux .errors')
  await error.waitFor()
  assert.match((await error.textContent()) ?? '', /Incorrect username or password/)
  await page.locator('.dialog-ux').getByRole('button', { name: 'Close' }).click()
  await execute(page, '/me', 401)

  assertOwnRequestsOnly(watched)
  const once = refused('401 (Unauthorized)')
  assert.deepEqual(watched.complaints, [once, once])
})

test('the page works over plain HTTP under a name of the network', async (t) => {
  const from = origin.replace('127.0.0.1', networkName)
  const watched = await openDocs(t, from)
  const { page } = watched
  await logIn(page, 'bob')
  assert.match(await execute(page, '/me', 200), /"username":\s*"bob"/)

  assertOwnRequestsOnly(watched, from)
  // Chromium says so of every page that helmet's headers come with and that is not HTTPS.
  const others = watched.complaints.filter(
    (complaint) => !complaint.startsWith('The Cross-Origin-Opener-Policy header has been ignored'),
  )
  assert.deepEqual(others, [])
})

for (const width of [360, 1280]) {
  test(`no status and no parameter of an open route is broken into lines (${width} px)`, async (t) => {
    const { page } = await browser.open({ viewport: { width, height: 800 } })
    t.after(() => page.context().close())
    await page.goto(`${origin}/docs`)
    const block = page.locator('#operations-auth-createToken')
    await block.locator('.opblock-summary-control').click()
    await block.locator('.response-col_status').first().waitFor()
    const words = await block
      .locator('td.response-col_status, .parameter__name')
      .evaluateAll((cells) =>
        cells.map((cell) => {
          const range = document.createRange()
          range.selectNodeContents(cell)
          const lines = new Set([...range.getClientRects()].map(({ top }) => top))
          return { text: cell.textContent, lines: lines.size }
        }),
      )
    assert.ok(words.some(({ text }) => text === 'refresh_token'))
    assert.ok(words.some(({ text }) => text === '200'))
    assert.deepEqual(
      words.filter(({ lines }) => lines !== 1),
      [],
    )
  })
}

test('on a phone, in the dark, the page fits and is dark, and asks for no client where none is registered', async (t) => {
  const { page, complaints } = await browser.open({
    colorScheme: 'dark',
    viewport: { width: 360, height: 800 },
    isMobile: true,
  })
  t.after(() => page.context().close())
  await page.goto(`${origin}/docs`)
  await page.locator('.opblock').first().waitFor()
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return { scrollWidth, clientWidth }
  })
  assert.equal(clientWidth, 360)
  assert.ok(scrollWidth <= clientWidth, `${scrollWidth} px wide`)
  const background = await page.evaluate(
    () => getComputedStyle(document.documentElement).backgroundColor,
  )
  const dark = background.match(/\d+/g)?.map(Number) ?? []
  assert.ok(dark.length >= 3 && dark.slice(0, 3).every((part) => part < 64), background)

  assert.equal(
    await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    'rgba(0, 0, 0, 0)',
  )

  const dialog = await openDialog(page)
  if (process.env.SCREENSHOTS)
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png` })
  assert.equal(await dialog.getByLabel('username:').isVisible(), true)
  for (const field of ['#client_id_password', '#client_secret_password', '#password_type']) {
    assert.equal(await dialog.locator(field).isVisible(), false, field)
  }
  assert.deepEqual(complaints, [])
})
