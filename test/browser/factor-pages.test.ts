// The second factor of a login by browser, as people see it: the page for the code, the set-up that a role demands,
// and the recovery codes.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import { type Device, deviceOf } from '../server/factors/device.ts'
import { assertGood, looks } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type HostedSite, openHostedSite } from './hosted-site.ts'
import { isPage, openPage } from './page-steps.ts'

let browser: TestBrowser
let site: HostedSite

before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())
beforeEach(async () => {
  site = await openHostedSite([], { auth: { factors: { required: ['member'] } } })
})
afterEach(() => site?.close())

async function logIn(page: Page): Promise<void> {
  await page.goto(`${site.issuer}/account`)
  await page.locator('#username').fill('alice')
  await page.locator('#password').fill(goodPassword)
  await page.locator('button.main').click()
}

async function deviceOn(page: Page): Promise<Device> {
  await isPage(page, 'second-factor-set-up')
  const hidden = (name: string) => page.locator(`input[name=${name}]`).inputValue()
  return deviceOf(site, { id: await hidden('enrolment'), secret: await hidden('secret') })
}

async function type(page: Page, code: string): Promise<void> {
  await page.locator('#code').fill(code)
  await page.locator('button.main').click()
}

for (const { colorScheme, width, language } of looks) {
  test(`no page of a second factor has a barrier: ${language}, ${colorScheme}, ${width} px`, async (t) => {
    const look = `${language}-${colorScheme}-${width}`
    const options = { colorScheme, viewport: { width, height: 800 }, locale: language }
    const { page } = await openPage(browser, t, options)
    await logIn(page)
    const device = await deviceOn(page)
    assert.equal(await page.locator('html').getAttribute('lang'), language)
    await assertGood(page, `factor-set-up-${look}`)
    await type(page, device.wrong())
    await page.getByRole('alert').waitFor()
    await assertGood(page, `factor-set-up-wrong-${look}`)
    await type(page, device.code())
    await isPage(page, 'recovery-codes')
    await assertGood(page, `factor-codes-${look}`)
    site.clock.advance(30)
    const again = (await openPage(browser, t, options)).page
    await logIn(again)
    await isPage(again, 'second-factor')
    await assertGood(again, `factor-code-${look}`)
    await type(again, device.wrong())
    await again.getByRole('alert').waitFor()
    await assertGood(again, `factor-code-wrong-${look}`)
    await type(again, device.code())
    await isPage(again, 'account')
  })
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'by the keyboard' : 'without scripts'
  test(`a factor is set up at the login and asked for at the next, ${how} (AC-85)`, async (t) => {
    const { page, complaints } = await openPage(browser, t, { javaScriptEnabled })
    await page.goto(`${site.issuer}/account`)
    await page.locator('#username:focus').waitFor()
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await page.keyboard.type(goodPassword)
    await page.keyboard.press('Enter')
    const device = await deviceOn(page)
    await page.locator('#code:focus').waitFor()
    const field = page.locator('#code')
    assert.deepEqual(
      await Promise.all([field.getAttribute('autocomplete'), field.getAttribute('inputmode')]),
      ['one-time-code', null],
    )
    await page.keyboard.type(device.code())
    await page.keyboard.press('Enter')
    await isPage(page, 'recovery-codes')
    const codes = await page.locator('.codes code').allTextContents()
    assert.equal(codes.length, 8)
    assert.equal(await page.locator('button:visible').count(), javaScriptEnabled ? 3 : 0)
    await page.getByRole('link').click()
    await isPage(page, 'account')
    const { page: next } = await openPage(browser, t, { javaScriptEnabled })
    await logIn(next)
    await isPage(next, 'second-factor')
    await next.locator('#code:focus').waitFor()
    await next.keyboard.type(codes[0] ?? '')
    await next.keyboard.press('Enter')
    await isPage(next, 'account')
    assert.deepEqual(complaints, [])
  })
}
