// The pages of accounts as people see them: from the link of a mail to the log-in that follows.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type AccountSite, openAccountSite } from '../account-site.ts'
import { authenticate, goodPassword } from '../fixtures.ts'
import { assertGood } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { heading, openPage, press } from './page-steps.ts'

const newPassword = 'nine brave lanterns whisper'

let browser: TestBrowser
let site: AccountSite
let origin: string
/** What the server was asked: method, URL and the headers that could name a page. */
let seen: { method: string; url: string; headers: string }[]

before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

beforeEach(async () => {
  seen = []
  site = await openAccountSite()
  site.app.addHook('onRequest', async ({ method, originalUrl, headers }) => {
    seen.push({ method, url: originalUrl, headers: JSON.stringify(headers) })
  })
  site.app.get('/elsewhere', async () => 'Another page.')
  origin = await site.app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => site?.close())

/** The link of the next mail, at the address where this server listens. */
async function nextLink(): Promise<string> {
  return (await site.nextLink()).replace('https://auth.example.com', origin)
}

const posts = (): number => seen.filter(({ method }) => method === 'POST').length
const isFocused = (page: Page, id: string): Promise<boolean> =>
  page.evaluate((wanted) => document.activeElement?.id === wanted, id)

async function invite(username?: string): Promise<string> {
  const { invitations } = site.auth.accounts
  await invitations?.create({ email: 'bob@example.com', ...(username && { username }) })
  return await nextLink()
}

async function createAlice(): Promise<void> {
  const { registration } = site.auth.accounts
  await registration?.request({ email: 'alice@example.com' })
  const token = (await site.nextLink()).split('#token=')[1] ?? ''
  await registration?.complete({ token, username: 'alice', password: goodPassword })
}

async function askForReset(): Promise<string> {
  await site.auth.accounts.passwordReset?.request({ username: 'alice' })
  return await nextLink()
}

test('somebody registers, from the address to the name and the password', async (t) => {
  const { page, complaints, requests } = await openPage(browser, t)
  await page.goto(`${origin}/account/register`)
  assert.ok(await isFocused(page, 'email'))
  await page.getByLabel('E-mail address').fill('alice@example.com')
  await press(page, 'Send link')
  await heading(page, 'Check your mail')

  const link = await nextLink()
  const token = link.split('#token=')[1] ?? assert.fail(link)
  await page.goto(link)
  await heading(page, 'Choose a name and a password')
  assert.equal(page.url(), `${origin}/account/register/complete`)
  assert.ok(await isFocused(page, 'username'))
  assert.equal(await page.getByLabel('Link or code').isVisible(), false)

  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill('password1')
  await press(page, 'Register')
  await page.locator('#password-error').waitFor()
  assert.ok(await isFocused(page, 'password'))
  assert.equal(await page.getByLabel('Username').inputValue(), 'alice')
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '')
  assert.equal(await page.getByLabel('Link or code').isVisible(), false)

  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await press(page, 'Register')
  await page.getByText('You can log in as alice now.').waitFor()
  assert.ok(await authenticate(site.auth, 'alice', goodPassword))

  for (const { url, headers } of seen) assert.ok(!(url + headers).includes(token))
  for (const url of requests) assert.equal(new URL(url).origin, origin)
  assert.deepEqual(
    complaints.filter((text) => !/status of 422/.test(text)),
    [],
  )
})

describe('a link that a browser has open', () => {
  for (const [name, linkOf] of [
    [
      'registration',
      async () => {
        await site.auth.accounts.registration?.request({ email: 'alice@example.com' })
        return await nextLink()
      },
    ],
    ['invitation', invite],
    [
      'reset',
      async () => {
        await createAlice()
        return await askForReset()
      },
    ],
  ] as const) {
    test(`sends nothing by itself: ${name} (AC-29)`, async (t) => {
      const { page } = await openPage(browser, t)
      await page.clock.install()
      await page.goto(await linkOf())
      await page.locator('input[name=token]').waitFor({ state: 'attached' })
      await page.clock.runFor(60_000)
      await page.locator('h1').click()
      await page.waitForLoadState('networkidle')
      assert.equal(posts(), 0)
      assert.ok(seen.some(({ method }) => method === 'GET'))
    })
  }
})

test('the token is in no request and no referrer, to whatever page one goes on (AC-30)', async (t) => {
  const { page } = await openPage(browser, t)
  const link = await invite()
  const token = link.split('#token=')[1] ?? assert.fail(link)
  await page.goto(link)
  await heading(page, 'Accept the invitation')
  await page.evaluate(() => {
    const leave = document.createElement('a')
    leave.href = '/elsewhere'
    leave.textContent = 'Leave'
    document.querySelector('main')?.append(leave)
  })
  await page.getByRole('link', { name: 'Leave' }).click()
  await page.getByText('Another page.').waitFor()
  assert.ok(seen.some(({ url }) => url === '/elsewhere'))
  for (const { url, headers } of seen) {
    assert.ok(!(url + headers).includes(token))
    assert.doesNotMatch(headers, /"referer"/)
  }
  await page.goBack()
  await heading(page, 'Accept the invitation')
  assert.equal(page.url(), `${origin}/account/invitation`)
})

test('a second tab that was opened before is told that the link was used (AC-32)', async (t) => {
  const { page: first } = await openPage(browser, t)
  const second = await first.context().newPage()
  const link = await invite()
  for (const page of [first, second]) {
    await page.goto(link)
    await page.getByLabel('Username').fill('bob')
    await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  }
  await press(first, 'Accept')
  await first.getByText('You can log in as bob now.').waitFor()
  await press(second, 'Accept')
  await heading(second, 'The link works no more')
  await second.getByText('Ask the person who invited you').waitFor()
  assert.equal((await site.auth.users.counts()).total, 1)
})

test('a new password is chosen in another browser than the one that asked (AC-36)', async (t) => {
  await createAlice()
  const { page: asking } = await openPage(browser, t)
  await asking.goto(`${origin}/account/forgot-password`)
  await asking.getByLabel('E-mail address or username').fill('alice')
  await press(asking, 'Send link')
  await heading(asking, 'Check your mail')

  const { page: other, complaints } = await openPage(browser, t)
  await other.goto(await nextLink())
  await heading(other, 'Choose a new password')
  assert.equal(other.url(), `${origin}/account/reset-password`)
  await other.getByLabel('Password', { exact: true }).fill(newPassword)
  await press(other, 'Set password')
  await heading(other, 'Password set')
  assert.deepEqual(complaints, [])
  assert.deepEqual(await other.context().cookies(), [])
  assert.ok(await authenticate(site.auth, 'alice', newPassword))
})

test('an invitation is accepted in another browser, too (AC-36)', async (t) => {
  const link = await invite('bob')
  const { page } = await openPage(browser, t)
  await page.goto(link)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await press(page, 'Accept')
  await page.getByText('You can log in as bob now.').waitFor()
})

test('a link that is pasted where the page is open is taken over', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(`${origin}/account/reset-password`)
  const field = page.getByLabel('Link or code')
  assert.ok(await field.isVisible())
  assert.ok(await isFocused(page, 'token'))
  await page.evaluate(() => {
    location.hash = '#token=pot_pasted'
  })
  await field.waitFor({ state: 'hidden' })
  assert.equal(await field.inputValue(), 'pot_pasted')
  assert.equal(page.url(), `${origin}/account/reset-password`)
})

test('without scripts the link is pasted, and no button is there that would not work', async (t) => {
  const { page } = await openPage(browser, t, { javaScriptEnabled: false })
  await page.goto(`${origin}/account/register`)
  await page.getByLabel('E-mail address').fill('alice@example.com')
  await press(page, 'Send link')
  await heading(page, 'Check your mail')

  const link = await nextLink()
  await page.goto(link)
  await page.getByRole('link', { name: 'I have a link already' }).click()
  await heading(page, 'Choose a name and a password')
  assert.equal(await page.getByRole('button').count(), 1)
  await page.getByLabel('Link or code').fill('what is this')
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await press(page, 'Register')
  await page.locator('#token-error').waitFor()
  await page.getByLabel('Link or code').fill(link)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await press(page, 'Register')
  await page.getByText('You can log in as alice now.').waitFor()
})

test('password managers know which field is which', async (t) => {
  const { page } = await openPage(browser, t)
  const kinds = async (path: string): Promise<readonly (string | null)[]> => {
    await page.goto(origin + path)
    const inputs = await page.locator('input').all()
    return await Promise.all(inputs.map((each) => each.getAttribute('autocomplete')))
  }
  assert.deepEqual(await kinds('/account/register'), ['email'])
  const completion = await kinds('/account/register/complete')
  assert.deepEqual(completion, ['off', 'username', 'new-password'])
  assert.deepEqual(await kinds('/account/forgot-password'), ['username'])
})

/** A page at 1280 px that is enlarged to 400 % is 320 px wide, and one at 200 % 640 px. */
for (const [width, colorScheme, locale] of [
  [320, 'light', 'de'],
  [320, 'dark', 'en'],
  [640, 'light', 'en'],
  [1280, 'light', 'en'],
  [1280, 'dark', 'de'],
] as const) {
  test(`no page has a barrier: ${width} px, ${colorScheme}, ${locale}`, async (t) => {
    const { page } = await openPage(browser, t, {
      colorScheme,
      locale,
      viewport: { width, height: 800 },
    })
    const name = (state: string): string => `account-${state}-${width}-${colorScheme}-${locale}`
    const submit = (): Promise<void> => page.locator('button.main').click()
    for (const path of [
      ...['register', 'register/complete', 'invitation', 'forgot-password'],
      ...['reset-password', 'restore-email'],
    ]) {
      await page.goto(`${origin}/account/${path}`)
      await assertGood(page, name(path.replace('/', '-')))
    }
    await page.goto(`${origin}/account/register`)
    await page.locator('#email').fill(`${'long'.repeat(15)}@${'long'.repeat(15)}.example.com`)
    await submit()
    await page.locator('.success').waitFor()
    await assertGood(page, name('mailed'))
    await nextLink()

    await page.goto(await invite())
    await page.locator('#username').fill('bob')
    await page.locator('#password').fill('monkey')
    await submit()
    await page.locator('#password-error').waitFor()
    assert.equal(await page.locator('#token').isVisible(), false)
    await assertGood(page, name('refused'))
    await page.locator('#password').fill(goodPassword)
    await submit()
    await page.locator('.success').waitFor()
    await assertGood(page, name('done'))

    await page.goto(`${origin}/account/reset-password#token=pot_${'A'.repeat(43)}`)
    await page.locator('#password').fill(goodPassword)
    await submit()
    await page.locator('.information').waitFor()
    await assertGood(page, name('gone'))
  })
}

test('a site of its own name, logo and accent has no barrier', async (t) => {
  const logo = { url: '/logo.svg' }
  const accent = { light: '#0a5c36', dark: '#7fd4a8' }
  const own = await openAccountSite({ plugin: { pages: { name: 'Greengrocer', logo, accent } } })
  t.after(() => own.close())
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><circle cx="16" cy="16" r="14" fill="#3a9d5d"/></svg>'
  own.app.get('/logo.svg', (_, reply) => reply.type('image/svg+xml').send(svg))
  const address = await own.app.listen({ host: '127.0.0.1', port: 0 })
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openPage(browser, t, {
      colorScheme,
      viewport: { width: 600, height: 700 },
    })
    await page.goto(`${address}/account/register`)
    const size = await page.locator('header img').evaluate((image) => {
      return (image as HTMLImageElement).naturalWidth
    })
    assert.equal(size, 32)
    await assertGood(page, `account-own-site-${colorScheme}`)
    assert.deepEqual(complaints, [])
  }
})
