// Passkeys on our pages, in a real browser with authenticators of its own: made, shown alone, and after a password.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { FactorsOptions } from '../../src/core/factors/factor-options.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, requestFor, startClientSite } from './client-site.ts'
import { type HostedSite, openHostedSite, type TokenSays, testClients } from './hosted-site.ts'
import { heading, isPage, logIn, openPage, press } from './page-steps.ts'
import {
  addAuthenticator,
  device,
  securityKey,
  synced,
  unverified,
} from './virtual-authenticator.ts'

let browser: TestBrowser
let client: ClientSite
let site: HostedSite
let callback: string

before(async () => {
  browser = await launchChromium()
  client = await startClientSite()
  callback = `${client.origin}/callback`
})
after(async () => {
  await browser?.close()
  await client?.close()
})
beforeEach(async () => {
  site = await openSite()
})
afterEach(() => site.close())

const openSite = (factors: FactorsOptions = {}): Promise<HostedSite> =>
  openHostedSite(testClients(client.origin), {
    ...{ tls: false, host: 'localhost', factors: { passkeys: true, ...factors } },
  })

const toWeb = (others?: Readonly<Record<string, string>>): string =>
  site.authorize(requestFor('web', callback, others))

async function arrive(page: Page): Promise<TokenSays> {
  await heading(page, 'Arrived')
  return await site.exchange('web', callback, new URL(page.url()).searchParams.get('code'))
}

/** Adds one on the page of the account, where alice logs in with her password. Returns her recovery codes. */
async function enrol(page: Page): Promise<readonly string[]> {
  await page.goto(`${site.issuer}/account/sign-in`)
  await logIn(page)
  await isPage(page, 'sign-in')
  await page.getByLabel('Name of the passkey').fill('laptop')
  await press(page, 'Add a passkey')
  await isPage(page, 'recovery-codes')
  return await page.locator('[data-secret]').allTextContents()
}

/** The cookies go, the passkeys stay. */
const forget = (page: Page): Promise<void> => page.context().clearCookies()

/** A browser that offers passkeys by a button alone. */
async function withoutAutofill(page: Page): Promise<void> {
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)
  })
}

/** Notes how the page asks the browser. A dialog is closed as soon as it opens, as if the person had done it. */
async function watchAsking(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const get = navigator.credentials.get.bind(navigator.credentials)
    const seen: string[] = []
    Object.assign(window, { seen })
    navigator.credentials.get = (options = {}) => {
      const kind = options.mediation ?? 'dialog'
      seen.push(kind)
      options.signal?.addEventListener('abort', () => seen.push(`${kind} ended`))
      if (kind === 'dialog') return Promise.reject(new DOMException('', 'NotAllowedError'))
      return get(options)
    }
  })
}

async function seenAsking(page: Page, count: number): Promise<readonly string[]> {
  await page.waitForFunction((least) => Reflect.get(window, 'seen').length >= least, count)
  return await page.evaluate(() => Reflect.get(window, 'seen'))
}

/** The passkeys of alice. */
async function passkeys() {
  const user = await site.auth.users.findByUsername('alice')
  return (await site.auth.factors?.list(user?.id ?? '')) ?? []
}

const status = (page: Page) => page.locator('[data-passkey] [role=status]')

for (const { name, kind, amr } of [
  { name: 'one device', kind: device, amr: 'hwk' },
  { name: 'several devices', kind: synced, amr: 'swk' },
]) {
  test(`a passkey of ${name} is added on the account page, and logs in by the button alone (AC-100)`, async (t) => {
    const { page, complaints } = await openPage(browser, t)
    await withoutAutofill(page)
    const key = await addAuthenticator(page, kind)
    assert.equal((await enrol(page)).length, 8)
    await page.locator('main > p > a').click()
    await isPage(page, 'sign-in')
    await page.getByText('laptop', { exact: true }).waitFor()
    assert.equal(await key.count(), 1)
    const [added] = await passkeys()
    assert.equal(added?.synced, kind === synced)
    await forget(page)
    await page.goto(toWeb())
    await press(page, 'Log in with a passkey')
    const says = await arrive(page)
    assert.deepEqual([says.acr, says.amr], ['phr', [amr, 'user', 'mfa']])
    assert.deepEqual(complaints, [])
  })
}

test('the browser offers a passkey among the usernames, and logs in with it (AC-110)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await addAuthenticator(page, device)
  await enrol(page)
  await forget(page)
  // Nobody presses anything: the authenticator answers as soon as it is offered.
  await page.goto(toWeb())
  assert.equal((await arrive(page)).acr, 'phr')
  assert.deepEqual(complaints, [])
})

test('the button ends the offer in the field, and a failure begins it again (AC-110)', async (t) => {
  const { page } = await openPage(browser, t)
  const key = await addAuthenticator(page, device)
  await enrol(page)
  await forget(page)
  await key.answers(false)
  await watchAsking(page)
  await page.goto(toWeb())
  const field = page.getByLabel('Username')
  assert.equal(await field.getAttribute('autocomplete'), 'username webauthn')
  await press(page, 'Log in with a passkey')
  await page.getByText('No passkey was used. Try again, or use another way.').waitFor()
  assert.deepEqual(await seenAsking(page, 5), [
    'conditional',
    'conditional ended',
    'dialog',
    'dialog ended',
    'conditional',
  ])
})

test('a browser without passkeys shows the form with the password, and complains of nothing (AC-110)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.addInitScript(() => Reflect.deleteProperty(window, 'PublicKeyCredential'))
  await page.goto(toWeb())
  assert.equal(await page.getByRole('button', { name: 'passkey' }).count(), 0)
  assert.equal(await status(page).isVisible(), false)
  await logIn(page)
  assert.equal((await arrive(page)).acr, '1fa')
  assert.deepEqual(complaints, [])
})

test('without scripts the password is enough, and no button is shown', async (t) => {
  const { page } = await openPage(browser, t, { javaScriptEnabled: false })
  await page.goto(toWeb())
  assert.equal(await page.getByRole('button', { name: 'passkey' }).count(), 0)
  await logIn(page)
  await page.getByRole('heading', { name: 'Arrived' }).waitFor()
})

test('a login page that was open for long asks with another challenge', async (t) => {
  const { page, requests } = await openPage(browser, t)
  const key = await addAuthenticator(page, device)
  await enrol(page)
  await forget(page)
  await key.answers(false)
  await page.clock.install()
  await watchAsking(page)
  await page.goto(toWeb())
  await seenAsking(page, 1)
  const renewals = () => requests.filter((url) => url.endsWith('/auth/authorize/passkey')).length
  assert.equal(renewals(), 0)
  site.clock.advance(50 * 60)
  const renewed = page.waitForResponse(/authorize\/passkey$/)
  await page.clock.fastForward(50 * 60 * 1000)
  assert.equal((await renewed).status(), 200)
  assert.equal(renewals(), 1)
})

test('a page that was open for long makes no passkey that would be refused, and comes anew', async (t) => {
  const { page } = await openPage(browser, t)
  const key = await addAuthenticator(page, device)
  await page.clock.install()
  await page.goto(`${site.issuer}/account/sign-in`)
  await logIn(page)
  await isPage(page, 'sign-in')
  site.clock.advance(4 * 60)
  await page.clock.fastForward(4 * 60 * 1000)
  const reloaded = page.waitForResponse(/account\/sign-in$/)
  await press(page, 'Add a passkey')
  assert.equal((await reloaded).request().method(), 'GET')
  await isPage(page, 'sign-in')
  assert.equal(await key.count(), 0)
  await press(page, 'Add a passkey')
  await isPage(page, 'recovery-codes')
  assert.equal(await key.count(), 1)
})

test('a key without verification of its user is a second factor after the password (AC-100)', async (t) => {
  const { page } = await openPage(browser, t)
  await addAuthenticator(page, securityKey)
  await enrol(page)
  await forget(page)
  await page.goto(toWeb())
  // It cannot be the only one.
  await press(page, 'Log in with a passkey')
  await page.getByText('No passkey was used. Try again, or use another way.').waitFor()
  await logIn(page)
  await isPage(page, 'second-factor')
  await page.getByText('Use your passkey.', { exact: true }).waitFor()
  await page.getByLabel('Recovery code').waitFor()
  await press(page, 'Use a passkey')
  const says = await arrive(page)
  assert.deepEqual([says.acr, says.amr], ['2fa', ['pwd', 'hwk', 'user', 'mfa']])
})

test('a device that cannot verify its user makes no passkey, and the page says so', async (t) => {
  const { page } = await openPage(browser, t)
  const key = await addAuthenticator(page, unverified)
  await page.goto(`${site.issuer}/account/sign-in`)
  await logIn(page)
  await press(page, 'Add a passkey')
  await page.getByText('No passkey was set up. Try again, or use another device.').waitFor()
  assert.equal(await page.locator('body').getAttribute('data-page'), 'sign-in')
  assert.equal(await key.count(), 0)
  assert.deepEqual(await passkeys(), [])
})

test('a recovery code stands in for a passkey on the page after the password', async (t) => {
  const { page } = await openPage(browser, t)
  const key = await addAuthenticator(page, device)
  const [code = ''] = await enrol(page)
  await key.remove()
  await forget(page)
  await page.goto(toWeb())
  await logIn(page)
  await page.getByLabel('Recovery code').fill(code)
  await press(page, 'Continue')
  assert.equal((await arrive(page)).acr, '2fa')
})

test('a role that demands a factor offers a passkey or an app, and the passkey is enough (AC-85)', async (t) => {
  await site.close()
  site = await openSite({ required: ['member'] })
  const { page, complaints } = await openPage(browser, t)
  await addAuthenticator(page, device)
  await page.goto(toWeb())
  await logIn(page)
  await isPage(page, 'second-factor-set-up')
  await page.getByRole('heading', { name: 'Authenticator app' }).waitFor()
  await press(page, 'Set up a passkey')
  await isPage(page, 'recovery-codes')
  await page.getByRole('link', { name: 'I have kept them: continue' }).click()
  const says = await arrive(page)
  assert.deepEqual([says.acr, says.amr], ['phr', ['pwd', 'hwk', 'user', 'mfa']])
  assert.deepEqual(complaints, [])
})

test('a client that wants a passkey gets one, and nothing else is asked (OP-67)', async (t) => {
  const { page } = await openPage(browser, t)
  await withoutAutofill(page)
  await addAuthenticator(page, device)
  const [code = ''] = await enrol(page)
  await forget(page)
  await page.goto(toWeb())
  await logIn(page)
  await page.getByLabel('Recovery code').fill(code)
  await press(page, 'Continue')
  assert.equal((await arrive(page)).acr, '2fa')
  await page.goto(toWeb({ acr_values: 'phr', prompt: 'none' }))
  await heading(page, 'Arrived')
  assert.equal(new URL(page.url()).searchParams.get('error'), 'interaction_required')
  await page.goto(toWeb({ acr_values: 'phr' }))
  await isPage(page, 'second-factor')
  await page.getByText('Example App asks for your passkey.').waitFor()
  await press(page, 'Use a passkey')
  assert.equal((await arrive(page)).acr, 'phr')
  await page.goto(toWeb({ acr_values: 'phr', prompt: 'none' }))
  assert.equal((await arrive(page)).acr, 'phr')
})

test('a passkey is removed on the account page, and logs nobody in any more', async (t) => {
  const { page } = await openPage(browser, t)
  await withoutAutofill(page)
  await addAuthenticator(page, device)
  await enrol(page)
  await forget(page)
  await page.goto(`${site.issuer}/account/sign-in`)
  await press(page, 'Log in with a passkey')
  await isPage(page, 'sign-in')
  await press(page, 'Remove')
  await page.getByText('It is removed.').waitFor()
  assert.deepEqual(await passkeys(), [])
  await forget(page)
  await page.goto(toWeb())
  await press(page, 'Log in with a passkey')
  await page.getByRole('alert').getByText('The passkey was not accepted.').waitFor()
  await logIn(page)
  assert.equal((await arrive(page)).acr, '1fa')
})

test('a device that has a passkey of the account makes no second one', async (t) => {
  const { page } = await openPage(browser, t)
  const key = await addAuthenticator(page, device)
  await enrol(page)
  await page.locator('main > p > a').click()
  await press(page, 'Add a passkey')
  await page.getByText('This device has a passkey for your account already.').waitFor()
  assert.equal(await key.count(), 1)
})

test('at an IP address the page says where passkeys work (AC-98)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(toWeb().replace('localhost', '127.0.0.1'))
  await isPage(page, 'login')
  assert.equal(
    await status(page).textContent(),
    `Passkeys do not work at this address. Open ${site.issuer} to use one.`,
  )
  assert.equal(await page.getByRole('button', { name: 'passkey' }).count(), 0)
  assert.deepEqual(complaints, [])
})
