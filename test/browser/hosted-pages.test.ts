// The pages of a login by browser as people see them: on a phone, in the dark, with the keyboard alone.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import { assertGood, looks } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, requestFor, startClientSite } from './client-site.ts'
import { type HostedSite, nativeCallback, openHostedSite, testClients } from './hosted-site.ts'
import { isPage, openPage } from './page-steps.ts'

let browser: TestBrowser
let client: ClientSite
let site: HostedSite
let callback: string

before(async () => {
  browser = await launchChromium()
  client = await startClientSite()
  site = await openHostedSite(testClients(client.origin))
  callback = `${client.origin}/callback`
})
after(async () => {
  await browser?.close()
  await site?.close()
  await client?.close()
})

const toThird = (others?: Readonly<Record<string, string>>): string =>
  site.authorize(requestFor('third', callback, { scope: 'openid profile items:read', ...others }))
const toWeb = (): string => site.authorize(requestFor('web', callback))

const languages = {
  en: { username: 'Username', password: 'Password', logIn: 'Log in', title: 'Allow access?' },
  de: {
    username: 'Benutzername',
    password: 'Passwort',
    logIn: 'Anmelden',
    title: 'Zugriff erlauben?',
  },
} as const

async function logIn(
  page: Page,
  { username, password, logIn: button }: (typeof languages)[keyof typeof languages] = languages.en,
): Promise<void> {
  await page.getByLabel(username).fill('alice')
  await page.getByLabel(password).fill(goodPassword)
  await page.getByRole('button', { name: button }).click()
}

for (const { colorScheme, width, language } of looks) {
  describe(`${language}, ${colorScheme}, ${width} px`, () => {
    test('no page from the login to the log-out has a barrier (OP-62)', async (t) => {
      const words = languages[language]
      const { page } = await openPage(browser, t, {
        ...{ colorScheme, viewport: { width, height: 800 } },
        locale: language,
      })
      const look = `${language}-${colorScheme}-${width}`
      await page.goto(toThird())
      assert.equal(await page.locator('html').getAttribute('lang'), language)
      // Nobody has named the site.
      assert.equal(await page.locator('header').textContent(), 'auth.example.com')
      await assertGood(page, `hosted-login-${look}`)
      await page.getByLabel(words.username).fill('alice')
      await page.getByLabel(words.password).fill('wrong')
      await page.getByRole('button', { name: words.logIn }).click()
      await page.getByRole('alert').waitFor()
      await assertGood(page, `hosted-refused-${look}`)
      await logIn(page, words)
      await page.getByRole('heading', { name: words.title }).waitFor()
      await assertGood(page, `hosted-consent-${look}`)
      await page.goto(site.authorize(requestFor('native', nativeCallback)))
      await isPage(page, 'continue')
      await assertGood(page, `hosted-continue-${look}`)
      await page.goto(`${site.issuer}/auth/authorize?client_id=nobody`)
      await isPage(page, 'error')
      await assertGood(page, `hosted-error-${look}`)
      await page.goto(`${site.issuer}/auth/logout`)
      await isPage(page, 'logout')
      await assertGood(page, `hosted-logout-${look}`)
      await page.locator('button.main').click()
      await isPage(page, 'logged-out')
      await assertGood(page, `hosted-logged-out-${look}`)
    })
  })
}

/** Waits until this has the focus: a browser moves it when it first draws the page. */
const untilFocused = (page: Page, selector: string): Promise<void> =>
  page.locator(`${selector}:focus`).waitFor()

test('the keyboard alone leads from the form to the client (OP-62)', async (t) => {
  const { page } = await openPage(browser, t)
  const { keyboard } = page
  await page.goto(toThird({ prompt: 'consent' }))
  await untilFocused(page, '#username')
  await keyboard.type('alice')
  await keyboard.press('Tab')
  await keyboard.type('wrong')
  await keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  // The summary has the focus, and its link leads to the field.
  await untilFocused(page, '.summary')
  const outline = await page
    .locator('.summary')
    .evaluate((each) => getComputedStyle(each).outlineStyle)
  assert.equal(outline, 'solid')
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await untilFocused(page, '#password')
  await keyboard.type(goodPassword)
  await keyboard.press('Enter')
  await isPage(page, 'consent')
  // Once it was drawn, nothing has the focus.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))))
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true)
  const allow = page.getByRole('button', { name: 'Allow' })
  for (let tabs = 0; tabs < 10; tabs++) {
    if (await allow.evaluate((each) => each === document.activeElement)) break
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()
  assert.ok(client.arrivals.at(-1)?.get('code'))
})

test('everything works without scripts, and so does every button that is shown (OP-62)', async (t) => {
  const { page } = await openPage(browser, t, { javaScriptEnabled: false })
  await page.goto(toThird({ prompt: 'consent' }))
  await logIn(page)
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()

  await page.goto(`${toWeb()}&response_mode=form_post`)
  await isPage(page, 'form-post')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()
  assert.equal(client.seen.at(-1)?.method, 'POST')

  await page.goto(`${site.issuer}/auth/logout`)
  await page.getByRole('button', { name: 'Log out' }).click()
  await isPage(page, 'logged-out')
})

test('there is one form with what password managers look for, and Enter sends it (OP-63)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  assert.equal(await page.locator('form').count(), 1)
  const kinds = await page
    .locator('form input:not([type=hidden]):not([type=checkbox])')
    .evaluateAll((inputs) =>
      inputs.map((input) => [
        (input as HTMLInputElement).type,
        (input as HTMLInputElement).autocomplete,
      ]),
    )
  assert.deepEqual(kinds, [
    ['text', 'username'],
    ['password', 'current-password'],
  ])
  await page.getByLabel('Password').fill(goodPassword)
  await page.getByLabel('Username').fill('alice')
  await page.getByLabel('Username').press('Enter')
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()
})

test('users see what they have allowed, and withdraw it (OP-43)', async (t) => {
  const { page } = await openPage(browser, t, { viewport: { width: 320, height: 800 } })
  await page.goto(toThird({ prompt: 'consent' }))
  await logIn(page)
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()
  await page.goto(`${site.issuer}/account/apps`)
  await page.getByText('Read your items').waitFor()
  await assertGood(page, 'hosted-apps')
  await page.getByRole('button', { name: 'Withdraw access' }).click()
  await page.getByText('You have allowed no application').waitFor()
  await assertGood(page, 'hosted-apps-none')
})
