// The pages with passkeys as people see them: on a phone, in the dark, in German.

import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import { assertGood } from './accessibility.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, requestFor, startClientSite } from './client-site.ts'
import { type HostedSite, openHostedSite, testClients } from './hosted-site.ts'
import { isPage, openPage } from './page-steps.ts'
import { addAuthenticator, device, securityKey } from './virtual-authenticator.ts'

let browser: TestBrowser
let client: ClientSite
let site: HostedSite
let strict: HostedSite

const options = { tls: false, host: 'localhost' } as const

before(async () => {
  browser = await launchChromium()
  client = await startClientSite()
  const clients = testClients(client.origin)
  site = await openHostedSite(clients, { ...options, factors: { passkeys: true } })
  const factors = { passkeys: true, required: ['member'] }
  strict = await openHostedSite(clients, { ...options, factors })
})
after(async () => {
  await browser?.close()
  await site?.close()
  await strict?.close()
  await client?.close()
})

async function logIn(page: Page, username: string): Promise<void> {
  await page.locator('#username').fill(username)
  await page.locator('#password').fill(goodPassword)
  await page.locator('button.main').click()
}

const looks = [
  { colorScheme: 'light', width: 320, language: 'en', user: 'alice' },
  { colorScheme: 'dark', width: 1280, language: 'de', user: 'bob' },
  { colorScheme: 'dark', width: 320, language: 'de', user: 'carol' },
] as const

for (const { colorScheme, width, language, user } of looks) {
  test(`${language}, ${colorScheme}, ${width} px: no page with passkeys has a barrier (OP-62)`, async (t) => {
    for (const each of [site, strict]) {
      const known = await each.auth.users.findByUsername(user)
      if (known === null) await each.auth.users.create({ username: user, password: goodPassword })
    }
    const { page } = await openPage(browser, t, {
      ...{ colorScheme, viewport: { width, height: 800 }, locale: language },
    })
    const look = `${language}-${colorScheme}-${width}`
    const toWeb = (at: HostedSite): string =>
      at.authorize(requestFor('web', `${client.origin}/callback`, { acr_values: 'phr' }))
    const button = page.locator('[data-passkey] button')
    const said = page.locator('[data-passkey] [role=status]:not(:empty)')

    const none = await addAuthenticator(page, securityKey)
    await page.goto(toWeb(site))
    await button.waitFor()
    await assertGood(page, `passkey-login-${look}`)
    await button.click()
    await said.waitFor()
    await assertGood(page, `passkey-login-failed-${look}`)
    await none.remove()

    await page.goto(toWeb(strict))
    await logIn(page, user)
    await isPage(page, 'second-factor-set-up')
    await button.waitFor()
    await assertGood(page, `passkey-set-up-${look}`)

    await page.goto(`${site.issuer}/account/sign-in`)
    await logIn(page, user)
    await isPage(page, 'sign-in')
    await button.waitFor()
    await assertGood(page, `passkey-none-${look}`)
    const key = await addAuthenticator(page, device)
    await button.click()
    await isPage(page, 'recovery-codes')
    await page.locator('main > p > a').click()
    await isPage(page, 'sign-in')
    await button.click()
    await said.waitFor()
    await assertGood(page, `passkey-one-${look}`)

    await page.context().clearCookies()
    await key.answers(false)
    await page.goto(toWeb(site))
    await logIn(page, user)
    await isPage(page, 'second-factor')
    await button.waitFor()
    await assertGood(page, `passkey-second-${look}`)
    await page.locator('#code').fill('wrong')
    await page.locator('form button:not([type=button])').click()
    await page.getByRole('alert').waitFor()
    await assertGood(page, `passkey-second-wrong-${look}`)

    await page.goto(toWeb(site).replace('localhost', '127.0.0.1'))
    await said.waitFor()
    await assertGood(page, `passkey-elsewhere-${look}`)
  })
}
