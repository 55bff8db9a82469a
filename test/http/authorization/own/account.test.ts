// The page of an account, what it leads to, its deletion, and where the pages are.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { AuthOptions } from '../../../../src/core/auth-options.ts'
import { mailbox } from '../../../../src/core/mail/mailbox.ts'
import { hostedLogin } from '../../../../src/hosted-login/hosted-login.ts'
import type { EndpointOptions } from '../../../../src/http/endpoints/mount.ts'
import { openAccountSite } from '../../../account-site.ts'
import { type TestBrowser, wordsOf } from '../browser.ts'
import { assertPage, issuer, type LoginSite, type LoginSiteOptions } from '../login-site.ts'
import {
  addApp,
  assertTooOld,
  formAt,
  openOwnSite,
  sendForm,
  sessionCookie,
  summaryOf,
  userOf,
} from './own-site.ts'

let site: LoginSite
let browser: TestBrowser
async function open(
  auth: Partial<AuthOptions> = {},
  options: Omit<LoginSiteOptions, 'auth'> = {},
): Promise<void> {
  site = await openOwnSite(auth, options)
  browser = site.browser()
}
afterEach(() => site.close())

const linksOf = (html: string): readonly string[] =>
  [...html.matchAll(/<a href="([^"]*)"/g)].map(([, path = '']) => path)

const own = { 'sec-fetch-site': 'same-origin', origin: issuer }

test('the page says who somebody is, and leads to all that is switched on', async () => {
  const mails = { mailer: mailbox(), from: 'no-reply@example.com' }
  await open({ accounts: { ...mails, deletion: true } })
  await site.auth.users.setEmail((await userOf(site)).id, 'alice@example.com')
  const page = await site.logIn(browser, '/account')
  assertPage(page, 'account')
  assert.match(
    wordsOf(page),
    /Username ?alice ?E-mail address ?alice@example\.com \(Not confirmed\)/,
  )
  assert.deepEqual(linksOf(page.html), [
    ...['/account/sign-in', '/account/sessions', '/account/apps', '/account/keys'],
    ...['/account/email', '/account/delete', '/auth/logout'],
  ])
  for (const path of linksOf(page.html)) assert.notEqual((await browser.open(path)).status, 404)
})

test('what is switched off is not there, and nothing leads to it', async () => {
  await open({ factors: undefined, apiKeys: undefined, accounts: undefined } as never)
  const page = await site.logIn(browser, '/account')
  assert.deepEqual(linksOf(page.html), [
    ...['/account/sign-in', '/account/sessions', '/account/apps', '/auth/logout'],
  ])
  assert.equal(page.forms.length, 0)
  for (const path of ['/account/keys', '/account/delete', '/account/email']) {
    for (const below of ['', '/login']) {
      assert.equal(await site.answering(new Request(issuer + path + below)), null, path)
    }
  }
})

test('an application has pages of its own in place of ours', async () => {
  await open({}, { hosted: { pages: { account: false } } })
  for (const path of ['', '/sign-in', '/sessions', '/keys', '/delete']) {
    assert.equal(await site.answering(new Request(`${issuer}/account${path}`)), null, path)
  }
  const apps = await site.logIn(browser, '/account/apps')
  assertPage(apps, 'apps')
  await site.close()
  const links = { emailChange: 'https://app.example.com/address' }
  const accounts = { mailer: mailbox(), from: 'no-reply@example.com', links }
  await open({ accounts })
  assert.ok(linksOf((await site.logIn(browser, '/account')).html).includes(links.emailChange))
})

test('what is known of a user is handed out as a file, which nothing else can ask for', async () => {
  await open()
  const page = await site.logIn(browser, '/account')
  const form = page.forms[formAt(page, 'export')]?.fields ?? assert.fail()
  assertPage(await browser.post('/account', form), 'error', 403)
  const file = await sendForm(browser, page, 'export')
  assert.equal(file.headers.get('content-disposition'), 'attachment; filename="account.json"')
  assert.equal(file.headers.get('cache-control'), 'no-store')
  const known = JSON.parse(file.html) as { user: { username: string }; sessions: unknown[] }
  assert.deepEqual([known.user.username, known.sessions.length], ['alice', 1])
  assert.equal(/passwordHash|securityStamp|argon2/.test(file.html), false)
})

test('an account is deleted after a recent login with all factors, and a login keeps it (AC-117)', async () => {
  await open()
  await site.logIn(browser, '/account/sign-in')
  const { device } = await addApp(site, browser)
  const elsewhere = site.browser()
  site.clock.advance(30)
  const login = await site.logIn(elsewhere, '/account')
  await elsewhere.send(login, { code: device.code() })
  const page = await browser.open('/account/delete')
  assertPage(page, 'deletion')
  assert.match(wordsOf(page), /will be deleted on .* If you log in before that day, you keep it\./)
  const { fields } = page.forms[0] ?? assert.fail()
  assertPage(await browser.post('/account/delete', fields), 'error', 403)
  assertTooOld(await elsewhere.post('/account/delete', fields, own), 'deletion')
  site.clock.advance(301)
  assertPage(await browser.send(page), 'login')
  assert.equal((await site.auth.users.findByUsername('alice'))?.active, true)
  const step = await browser.send(await browser.open('/account/delete'), {
    ...{ username: 'alice', password: 'vivid harbor ladle ox' },
  })
  const again = await browser.send(step, { code: device.code() })
  assertPage(again, 'deletion')
  const done = await browser.send(again)
  assertPage(done, 'deletion-done')
  assert.match(wordsOf(done), /To keep it, log in before that day\./)
  assert.equal(browser.cookies.has(sessionCookie), false)
  assertPage(await elsewhere.open('/account'), 'login')
  // Loaded again it does nothing: nobody is logged in.
  assertPage(await browser.send(again), 'login')
  site.clock.advance(30)
  const back = await site.logIn(browser, '/account')
  assertPage(await browser.send(back, { code: device.code() }), 'account')
  site.clock.advance(15 * 86_400)
  await site.auth.accounts.deletion?.prune()
  assert.notEqual(await site.auth.users.findByUsername('alice'), null)
})

test('the last administrator stays, and without a delay an account is gone at once', async () => {
  await open({ factors: undefined as never, accounts: { deletion: true, deletionDelay: 0 } })
  await site.auth.users.changeRole((await userOf(site)).id, 'admin')
  const page = await site.logIn(browser, '/account/delete')
  assert.match(wordsOf(page), /is deleted at once\. Nobody can bring it back\./)
  const refused = await browser.send(page)
  assertPage(refused, 'deletion', 409)
  assert.match(summaryOf(refused) ?? '', /last active administrator/)
  const bob = site.browser()
  const done = await bob.send(await site.logIn(bob, '/account/delete', 'bob'))
  assertPage(done, 'deletion-done')
  assert.match(wordsOf(done), /Your account is deleted\./)
  assert.equal(await site.auth.users.findByUsername('bob'), null)
})

test('programs keep their paths where both would be at one', async () => {
  const endpoints: EndpointOptions = { mePath: '/account' }
  await open({}, { endpoints })
  const page = await site.logIn(browser, '/account')
  assertPage(page, 'account')
  assert.equal(linksOf(page.html).includes('/account/keys'), false)
  assert.equal((await site.fetch('/account/keys')).status, 401)
  assert.equal((await site.fetch('/account', { method: 'DELETE' })).status, 401)
  await site.close()
  const fastify = await openAccountSite({
    auth: { hostedLogin: hostedLogin(), apiKeys: {} },
    plugin: { mePath: '/account' },
    accounts: { deletion: true },
  })
  assert.equal((await fastify.get('/account')).statusCode, 200)
  assert.equal((await fastify.get('/account/keys')).statusCode, 401)
  assert.equal((await fastify.app.inject({ method: 'DELETE', url: '/account' })).statusCode, 401)
  await fastify.close()
  await open()
})
