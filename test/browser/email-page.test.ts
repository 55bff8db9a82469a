// The page for the change of an e-mail address as people see it, from the login to the code of the mail.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import { internals } from '../../src/core/internals.ts'
import { type Mailbox, mailbox } from '../../src/core/mail/mailbox.ts'
import { goodPassword } from '../fixtures.ts'
import { assertGood, looks } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type HostedSite, openHostedSite } from './hosted-site.ts'
import { isPage, openPage } from './page-steps.ts'

let browser: TestBrowser
let site: HostedSite
let box: Mailbox

before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())
beforeEach(async () => {
  box = mailbox()
  site = await openHostedSite([], { accounts: { mailer: box, from: 'no-reply@example.com' } })
  const { id } = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
  // So long that it needs more than one line of a phone.
  await site.auth.users.setEmail(id, 'alice.of.the.wonderland.beyond.the.looking.glass@example.com')
})
afterEach(() => site?.close())

async function logIn(page: Page): Promise<void> {
  if ((await page.locator('#username').inputValue()) === '') {
    await page.locator('#username').fill('alice')
  }
  await page.locator('#password').fill(goodPassword)
  await page.locator('button.main').click()
}

async function newestCode(): Promise<string> {
  await site.auth[internals].outbox?.sendDue()
  return box.mails.find(({ code }) => code !== null)?.code ?? assert.fail('no code was sent')
}

async function typeCode(page: Page, code: string): Promise<void> {
  await page.locator('#code').fill(code)
  await page.locator('button.main').click()
}

for (const { colorScheme, width, language } of looks) {
  test(`no step of a change has a barrier: ${language}, ${colorScheme}, ${width} px`, async (t) => {
    const { page } = await openPage(browser, t, {
      ...{ colorScheme, viewport: { width, height: 800 }, locale: language },
    })
    const look = `${language}-${colorScheme}-${width}`
    await page.goto(`${site.issuer}/account/email`)
    await isPage(page, 'login')
    assert.equal(await page.locator('html').getAttribute('lang'), language)
    await assertGood(page, `email-login-${look}`)
    await logIn(page)
    await isPage(page, 'email')
    await assertGood(page, `email-page-${look}`)
    await page.locator('#email').fill('alice@localhost')
    await page.locator('button.main').click()
    await page.locator('#email-error').waitFor()
    await assertGood(page, `email-refused-${look}`)
    await page.locator('#email').fill('alice@example.org')
    await page.locator('button.main').click()
    await isPage(page, 'email-code')
    await assertGood(page, `email-code-${look}`)
    const code = await newestCode()
    await typeCode(page, code === '12345678' ? '87654321' : '12345678')
    await page.locator('#code-error').waitFor()
    await assertGood(page, `email-incorrect-${look}`)
    await page.locator('button.plain').click()
    await page.locator('.notice').waitFor()
    await assertGood(page, `email-again-${look}`)
    await typeCode(page, await newestCode())
    await isPage(page, 'email-done')
    await assertGood(page, `email-done-${look}`)
    await page.goto(`${site.issuer}/account/email`)
    await page.locator('button.danger').click()
    await isPage(page, 'email-done')
    await assertGood(page, `email-removed-${look}`)
  })
}

test('a change works without scripts, and the browser has nothing to complain about', async (t) => {
  const { page, complaints, requests } = await openPage(browser, t, { javaScriptEnabled: false })
  await page.goto(`${site.issuer}/account/email`)
  await logIn(page)
  await isPage(page, 'email')
  await page.getByRole('button', { name: 'Confirm this address' }).click()
  await isPage(page, 'email-code')
  // What was asked for lies open until the login is too old.
  site.clock.advance(301)
  await typeCode(page, await newestCode())
  await isPage(page, 'login')
  assert.equal(await page.locator('#username').inputValue(), 'alice')
  await logIn(page)
  await isPage(page, 'email-code')
  await typeCode(page, await newestCode())
  await isPage(page, 'email-done')
  const user = await site.auth.users.findByUsername('alice')
  assert.equal(user?.emailVerified, true)
  assert.deepEqual(complaints, [])
  for (const url of requests) {
    assert.equal(new URL(url).origin, site.issuer)
    // A log has the addresses of requests.
    assert.ok(!decodeURIComponent(url).includes('@'), url)
  }
})

test('programs that fill forms are told what each field is, and the focus is in the first', async (t) => {
  const { page } = await openPage(browser, t)
  const field = (id: string) =>
    page
      .locator(`#${id}:focus`)
      .evaluate((each: HTMLInputElement) => [each.type, each.autocomplete, each.inputMode])
  await page.goto(`${site.issuer}/account/email`)
  await logIn(page)
  assert.deepEqual(await field('email'), ['email', 'email', ''])
  await page.keyboard.type('alice@example.org')
  await page.keyboard.press('Enter')
  assert.deepEqual(await field('code'), ['text', 'one-time-code', 'numeric'])
  await page.keyboard.type(await newestCode())
  await page.keyboard.press('Enter')
  await isPage(page, 'email-done')
})
