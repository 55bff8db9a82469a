// The pages on which users look after their account, as they see them: by pointer and keyboard, in both schemes, on a
// phone, in German, and without scripts.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import { mailbox } from '../../src/core/mail/mailbox.ts'
import { goodPassword } from '../fixtures.ts'
import { type Device, deviceOf } from '../server/factors/device.ts'
import { assertGood, looks } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type HostedSite, openHostedSite, testClients } from './hosted-site.ts'
import { isPage, openPage } from './page-steps.ts'

const otherPassword = 'seven quiet lamps dream'

let browser: TestBrowser
let site: HostedSite

before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())
beforeEach(async () => {
  site = await openHostedSite(testClients('https://app.example.com'), {
    accounts: { mailer: mailbox(), from: 'no-reply@example.com', deletion: true },
    auth: { factors: {}, apiKeys: {} },
  })
  const { id } = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
  // So long that it needs more than one line of a phone.
  await site.auth.users.setEmail(id, 'alice.of.the.wonderland.beyond.the.looking.glass@example.com')
})
afterEach(() => site?.close())

const go = (page: Page, path = ''): Promise<unknown> => page.goto(`${site.issuer}/account${path}`)

async function logIn(page: Page, name = 'alice'): Promise<void> {
  const field = page.locator('#username')
  if ((await field.inputValue()) === '') await field.fill(name)
  await page.locator('#password').fill(goodPassword)
  await page.locator('button.main').click()
}

/** The button of the form of this name; the nth of several. */
const buttonOf = (page: Page, form: string, nth = 0) =>
  page.locator(`form:has(input[name=form][value=${form}])`).nth(nth).locator('button:not([type])')

/** Goes through the set-up of an app, up to the page behind it. */
async function addApp(page: Page, look?: string): Promise<Device> {
  await buttonOf(page, 'addApp').click()
  await isPage(page, 'second-factor-set-up')
  if (look) await assertGood(page, `own-set-up-${look}`)
  const hidden = (name: string) => page.locator(`input[name=${name}]`).inputValue()
  const device = deviceOf(site, { id: await hidden('id'), secret: await hidden('secret') })
  await page.locator('#code').fill(device.wrong())
  await page.locator('button.main').click()
  await page.getByRole('alert').waitFor()
  if (look) await assertGood(page, `own-set-up-wrong-${look}`)
  await page.locator('#code').fill(device.code())
  await page.locator('button.main').click()
  return device
}

/** Goes back, and says what is there: a browser asks before it sends a form again. */
async function contentBefore(page: Page): Promise<string> {
  await page.goBack().catch(() => undefined)
  for (let tries = 0; tries < 20; tries++) {
    await page.waitForLoadState()
    // It may be a page that moves on at once.
    const content = await page.content().catch(() => null)
    if (content !== null) return content
  }
  return assert.fail('the page does not come to rest')
}

/** Not what a browser says of a form that was refused, or of one that it does not send again. */
const isOurs = (complaint: string): boolean =>
  !/^Failed to load resource: (the server|net::ERR_CACHE_MISS)/.test(complaint)

for (const { colorScheme, width, language } of looks) {
  test(`no page of an account has a barrier: ${language}, ${colorScheme}, ${width} px`, async (t) => {
    const look = `${language}-${colorScheme}-${width}`
    const { page, complaints } = await openPage(browser, t, {
      ...{ colorScheme, viewport: { width, height: 800 }, locale: language },
    })
    await go(page, '/sign-in')
    await isPage(page, 'login')
    assert.equal(await page.locator('html').getAttribute('lang'), language)
    await assertGood(page, `own-login-${look}`)
    await logIn(page)
    await isPage(page, 'sign-in')
    await assertGood(page, `own-sign-in-empty-${look}`)
    await page.locator('#current').fill('not the password')
    await page.locator('#password').fill('short')
    await buttonOf(page, 'password').click()
    await page.locator('#current-error').waitFor()
    await assertGood(page, `own-password-wrong-${look}`)
    await addApp(page, look)
    await isPage(page, 'recovery-codes')
    await assertGood(page, `own-codes-${look}`)
    await page.locator('main a').last().click()
    await isPage(page, 'sign-in')
    await page.locator('summary').click()
    await assertGood(page, `own-sign-in-${look}`)
    await go(page)
    await isPage(page, 'account')
    await assertGood(page, `own-account-${look}`)
    await go(page, '/sessions')
    await isPage(page, 'sessions')
    await assertGood(page, `own-sessions-alone-${look}`)
    await go(page, '/keys')
    await isPage(page, 'keys')
    await assertGood(page, `own-keys-none-${look}`)
    await page.locator('a.main').click()
    await isPage(page, 'new-key')
    await assertGood(page, `own-new-key-${look}`)
    await page.locator('#name').fill('backup of every night, on the machine in the cellar')
    await page.locator('input[type=checkbox]').first().check()
    await page.locator('button.main').click()
    await isPage(page, 'made-key')
    await assertGood(page, `own-made-key-${look}`)
    await page.locator('main a').last().click()
    await isPage(page, 'keys')
    await assertGood(page, `own-keys-${look}`)
    await go(page, '/delete')
    await isPage(page, 'deletion')
    await assertGood(page, `own-deletion-${look}`)
    await page.locator('button.danger').click()
    await isPage(page, 'deletion-done')
    await assertGood(page, `own-deleted-${look}`)
    assert.deepEqual(complaints.filter(isOurs), [])
  })
}

test('everything works without scripts, and no button is shown that needs one', async (t) => {
  const { page, complaints, requests } = await openPage(browser, t, { javaScriptEnabled: false })
  await go(page)
  await logIn(page)
  await isPage(page, 'account')
  await page.getByRole('link', { name: 'Ways to log in' }).click()
  await isPage(page, 'sign-in')
  await page.locator('#current').fill(goodPassword)
  await page.locator('#password').fill(otherPassword)
  await buttonOf(page, 'password').click()
  await page.getByText('Your password is changed.').waitFor()
  await addApp(page)
  await isPage(page, 'recovery-codes')
  assert.equal(await page.locator('.codes code').count(), 8)
  assert.equal(await page.locator('button:visible').count(), 0)
  await page.locator('main a').last().click()
  await page.locator('summary').click()
  await page.locator('#app-1-name').fill('old phone')
  await page.getByRole('button', { name: 'Save name' }).click()
  await page.getByText('The name is changed.').waitFor()
  await page.getByText('old phone').waitFor()
  await go(page, '/keys')
  await page.getByRole('link', { name: 'Make a key' }).click()
  await page.getByLabel('Name').fill('backup')
  await page.getByLabel('Read your items').check()
  await page.getByLabel('It expires after').selectOption('7')
  await page.getByRole('button', { name: 'Make key' }).click()
  assert.match((await page.locator('pre code').textContent()) ?? '', /^pcat_/)
  await page.locator('main a').last().click()
  await page.getByRole('button', { name: 'End key' }).click()
  await page.getByText('You have no keys.').waitFor()
  await go(page, '/sign-in')
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('It is removed.').waitFor()
  await go(page, '/delete')
  await page.getByRole('button', { name: 'Delete account' }).click()
  await isPage(page, 'deletion-done')
  assert.deepEqual(complaints.filter(isOurs), [])
  for (const url of requests) {
    assert.equal(new URL(url).origin, site.issuer)
    assert.doesNotMatch(url, /pcat_|secret|password|otpauth/)
  }
})

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, target: ReturnType<Page['locator']>): Promise<void> {
  for (let tabs = 0; tabs < 40; tabs++) {
    if (await target.evaluate((each) => each === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('no Tab leads there')
}

test('the keyboard alone changes a password, adds an app, makes a key and logs out elsewhere', async (t) => {
  const elsewhere = await openPage(browser, t)
  await go(elsewhere.page)
  await logIn(elsewhere.page)
  const { page } = await openPage(browser, t)
  const { keyboard } = page
  await go(page, '/sign-in')
  await page.locator('#username:focus').waitFor()
  await keyboard.type('alice')
  await keyboard.press('Tab')
  await keyboard.type(goodPassword)
  await keyboard.press('Enter')
  await isPage(page, 'sign-in')
  await tabTo(page, page.locator('#current'))
  await keyboard.type('wrong')
  await tabTo(page, page.locator('#password'))
  await keyboard.type(otherPassword)
  await keyboard.press('Enter')
  // What is wrong has the focus.
  await page.locator('#current[aria-invalid]:focus').waitFor()
  await keyboard.type(goodPassword)
  await tabTo(page, page.locator('#password'))
  await keyboard.type(otherPassword)
  await keyboard.press('Enter')
  await page.getByText('You are logged out everywhere else.').waitFor()
  await tabTo(page, buttonOf(page, 'addApp'))
  await keyboard.press('Enter')
  await page.locator('#code:focus').waitFor()
  const hidden = (name: string) => page.locator(`input[name=${name}]`).inputValue()
  const device = deviceOf(site, { id: await hidden('id'), secret: await hidden('secret') })
  await keyboard.type(device.code())
  await keyboard.press('Enter')
  await isPage(page, 'recovery-codes')
  await tabTo(page, page.locator('main a').last())
  await keyboard.press('Enter')
  await isPage(page, 'sign-in')
  await tabTo(page, page.locator('summary'))
  await keyboard.press('Enter')
  await tabTo(page, page.locator('#app-1-name'))
  await keyboard.press('ControlOrMeta+a')
  await keyboard.type('old phone')
  await keyboard.press('Enter')
  await page.getByText('The name is changed.').waitFor()
  await go(page, '/keys')
  await tabTo(page, page.locator('a.main'))
  await keyboard.press('Enter')
  await page.locator('#name:focus').waitFor()
  await keyboard.type('backup')
  await tabTo(page, page.locator('input[type=checkbox]').first())
  await keyboard.press('Space')
  await tabTo(page, page.locator('button.main'))
  await keyboard.press('Enter')
  await isPage(page, 'made-key')
  await go(elsewhere.page)
  await isPage(elsewhere.page, 'login')
})

test('logins are ended by their buttons, and this browser stays', async (t) => {
  const others = await Promise.all([openPage(browser, t), openPage(browser, t)])
  for (const { page } of others) {
    await go(page)
    await logIn(page)
    await isPage(page, 'account')
  }
  const { page } = await openPage(browser, t)
  await go(page, '/sessions')
  await logIn(page)
  await isPage(page, 'sessions')
  await assertGood(page, 'own-sessions-several')
  assert.match(
    (await page.locator('.items li').first().textContent()) ?? '',
    /Chrome on Linux\s+This browser/,
  )
  await buttonOf(page, 'end').click()
  await page.getByText('That login is ended.').waitFor()
  assert.equal(await page.locator('.items li').count(), 2)
  await page.getByRole('button', { name: 'Log out everywhere else' }).click()
  await page.getByText('You are logged out everywhere else.').waitFor()
  assert.equal(await page.locator('.items li').count(), 1)
  for (const other of others) {
    await go(other.page)
    await isPage(other.page, 'login')
  }
})

test('what is shown once is copied, printed and downloaded, and no way back shows it again (AC-72)', async (t) => {
  const { page, complaints } = await openPage(browser, t, {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await go(page, '/sign-in')
  await logIn(page)
  await isPage(page, 'sign-in')
  await addApp(page)
  await isPage(page, 'recovery-codes')
  const codes = await page.locator('.codes code').allTextContents()
  assert.equal(codes.length, 8)
  await page.getByRole('button', { name: 'Copy codes' }).click()
  await page.getByText('Copied').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'))
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download codes' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'recovery-codes.txt')
  assert.equal(readFileSync(await download.path(), 'utf8'), `${codes.join('\n')}\n`)
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', '')
  })
  await page.getByRole('button', { name: 'Print codes' }).click()
  await page.locator('body[data-printed]').waitFor({ state: 'attached' })
  await page.locator('main a').last().click()
  await isPage(page, 'sign-in')
  const shown = await contentBefore(page)
  for (const code of codes) assert.equal(shown.includes(code), false)
  await go(page, '/keys?step=new')
  await page.locator('#name').fill('backup')
  await page.locator('button.main').click()
  await isPage(page, 'made-key')
  const key = (await page.locator('pre code').textContent()) ?? ''
  await page.getByRole('button', { name: 'Copy key' }).click()
  await page.getByText('Copied').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key)
  await page.reload()
  await page.getByText('The form was sent before').waitFor()
  assert.equal((await page.content()).includes(key), false)
  assert.equal((await contentBefore(page)).includes(key), false)
  const { id } = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
  assert.equal((await site.auth.apiKeys?.list(id))?.length, 1)
  assert.deepEqual(complaints.filter(isOurs), [])
})

test('a file with what is known is downloaded from the page', async (t) => {
  const { page } = await openPage(browser, t)
  await go(page)
  await logIn(page)
  await isPage(page, 'account')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download your data' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'account.json')
  const known = JSON.parse(readFileSync(await download.path(), 'utf8'))
  assert.equal(known.user.username, 'alice')
  await isPage(page, 'account')
})
