// A single page of somebody else, on another site, with oidc-client-ts as it comes.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, startClientSite } from './client-site.ts'
import { type HostedSite, openHostedSite } from './hosted-site.ts'
import { heading, logIn, openPage } from './page-steps.ts'

const library = readFileSync(
  new URL('../browser/oidc-client-ts.min.js', import.meta.resolve('oidc-client-ts')),
  'utf8',
)

let browser: TestBrowser
let client: ClientSite
let site: HostedSite

before(async () => {
  browser = await launchChromium()
  client = await startClientSite()
  const uri = `${client.origin}/app`
  const own = { redirectUris: [uri], postLogoutRedirectUris: [uri] }
  site = await openHostedSite([{ id: 'stranger', name: 'Stranger’s page', ...own }])
  client.page('/app', appPage())
})
after(async () => {
  await browser?.close()
  await site?.close()
  await client?.close()
})

/** Every way back ends at one page, which the library tells apart by their state. */
const appPage = (): string => `<h1></h1><output></output><script>${library}</script><script>
const here = location.origin + location.pathname
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(site.issuer)}, client_id: 'stranger',
  redirect_uri: here, popup_redirect_uri: here, silent_redirect_uri: here, post_logout_redirect_uri: here,
  scope: 'openid profile offline_access', loadUserInfo: true, automaticSilentRenew: false,
})
const say = (text) => { document.querySelector('output').textContent = text }
async function start() {
  const search = new URLSearchParams(location.search)
  if (search.has('code') || search.has('error')) await manager.signinCallback()
  else if (search.has('state')) await manager.signoutCallback()
  const user = await manager.getUser()
  document.querySelector('h1').textContent = user?.profile.preferred_username ?? 'Nobody'
}
start().catch((error) => say(error.message))
async function act(name) {
  say('')
  try { say(name + ': ' + (await manager[name]() ? 'a user' : 'done')) } catch (error) { say(error.message) }
}
</script>`

async function open(t: { after(end: () => Promise<void>): void }): Promise<Page> {
  const { page } = await openPage(browser, t)
  await page.goto(`${client.origin}/app`)
  return page
}

const act = (page: Page, name: string): Promise<unknown> => page.evaluate(`void act('${name}')`)
const says = (page: Page, text: string): Promise<void> =>
  page.locator('output', { hasText: text }).waitFor()

async function logInAndAllow(page: Page): Promise<void> {
  await logIn(page)
  const allow = page.getByRole('button', { name: 'Allow' })
  await allow.click()
}

test('it logs in, reads userinfo, refreshes, revokes and logs out, on another site (OP-71, OP-95)', async (t) => {
  const page = await open(t)
  await heading(page, 'Nobody')
  await act(page, 'signinRedirect')
  await logInAndAllow(page)
  await heading(page, 'alice')
  await act(page, 'signinSilent')
  await says(page, 'signinSilent: a user')
  await act(page, 'revokeTokens')
  await says(page, 'revokeTokens: done')
  const alice = await site.auth.users.findByUsername('alice')
  const left = await site.auth.sessions.list(alice?.id ?? '')
  assert.deepEqual(
    left.map(({ clientId }) => clientId),
    ['portcullis:browser'],
  )
  await act(page, 'signoutRedirect')
  await heading(page, 'Nobody')
  await act(page, 'signinRedirect')
  await heading(page, 'Log in')
})

test('it logs in by a popup, which finds its opener (OP-52, OP-95)', async (t) => {
  const page = await open(t)
  const opened = page.waitForEvent('popup')
  await act(page, 'signinPopup')
  const popup = await opened
  const closed = popup.waitForEvent('close')
  await popup.getByLabel('Username').fill('bob')
  await popup.getByLabel('Password').fill(goodPassword)
  await popup.getByRole('button', { name: 'Log in' }).click()
  await popup.getByRole('button', { name: 'Allow' }).click()
  await closed
  await says(page, 'signinPopup: a user')
})

test('a hidden iframe of another site is told login_required, and shows no page (OP-70, OP-95)', async (t) => {
  const page = await open(t)
  await act(page, 'signinRedirect')
  await page.getByLabel('Username').fill('bob')
  await page.getByLabel('Password').fill(goodPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
  await heading(page, 'bob')
  await act(page, 'removeUser')
  await says(page, 'removeUser: done')
  await act(page, 'signinSilent')
  await says(page, 'Nobody is logged in')
})
