// The page on which people change their e-mail address: who may, what it says, and where it is.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { AccountOptions } from '../../../src/core/accounts/account-options.ts'
import { internals } from '../../../src/core/internals.ts'
import { type KeptMail, type Mailbox, mailbox } from '../../../src/core/mail/mailbox.ts'
import type { Store } from '../../../src/core/store.ts'
import type { User } from '../../../src/core/users/user.ts'
import { hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import type { EndpointOptions } from '../../../src/http/endpoints/mount.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { openAccountSite } from '../../account-site.ts'
import { goodPassword } from '../../fixtures.ts'
import { type Arrival, type TestBrowser, wordsOf } from './browser.ts'
import { assertAnswer, assertPage, issuer, type LoginSite, openLoginSite } from './login-site.ts'
import { assertTooOld, copyOf } from './own/own-site.ts'

const at = '/account/email'
const alice = { username: 'alice', password: goodPassword }
const german = { 'accept-language': 'de' }

let site: LoginSite
let box: Mailbox
let browser: TestBrowser

async function openSite(
  store: Store = memory(),
  accounts: AccountOptions = {},
  endpoints: EndpointOptions = {},
): Promise<LoginSite> {
  box = mailbox()
  const mailed = { mailer: box, from: 'no-reply@example.com', ...accounts }
  return await openLoginSite({ auth: { store, accounts: mailed }, endpoints })
}

async function userOf(name: string): Promise<User> {
  return (await site.auth.users.findByUsername(name)) ?? assert.fail(name)
}

/** Sends the mails that wait, and returns those that are new. */
async function sent(): Promise<readonly KeptMail[]> {
  box.clear()
  await site.auth[internals].outbox?.sendDue()
  return box.mails
}

const kinds = (mails: readonly KeptMail[]) => mails.map(({ kind, to }) => `${kind} ${to}`).sort()

async function sentCode(): Promise<string> {
  return (await sent()).find(({ code }) => code !== null)?.code ?? assert.fail('no code was sent')
}

/** Asks for a change where alice has just logged in. */
async function ask(email: string): Promise<Arrival> {
  const page = await browser.send(await browser.open(at), { email })
  assertPage(page, 'email-code')
  return page
}

/** What is said at a field, after a form was not accepted. */
function problemAt({ html }: Arrival, name: string): string | undefined {
  assert.match(html, new RegExp(`<input id="${name}"[^>]* aria-invalid="true" autofocus>`))
  return new RegExp(`id="${name}-error">.*?<span>(.*?)</span>`).exec(html)?.[1]
}

const wrongCode = (right: string): string => (right === '12345678' ? '87654321' : '12345678')

const directory = mkdtempSync(join(tmpdir(), 'portcullis-email-page-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
let databases = 0
const stores: Readonly<Record<string, () => Store>> = {
  memory,
  SQLite: () => sqlite(join(directory, `${++databases}.db`)),
}

for (const [name, createStore] of Object.entries(stores)) {
  describe(`in ${name}`, () => {
    beforeEach(async () => {
      site = await openSite(createStore())
      browser = site.browser()
    })
    afterEach(() => site.close())

    test('an address is set, from the login to the code; only this login goes on (OP-54)', async () => {
      const elsewhere = site.browser()
      await site.logIn(elsewhere, at)
      const login = await browser.open(at)
      assertPage(login, 'login')
      assert.match(wordsOf(login), /Log in to change your e-mail address\./)
      const page = await browser.send(login, alice)
      assertPage(page, 'email')
      const { accessToken } = await site.exchange('web', await browser.open(site.authorize('web')))
      const headers = { authorization: `Bearer ${accessToken}` }
      assert.equal((await site.fetch('/me/grants', { headers })).status, 200)
      assert.match(wordsOf(page), /Your account has no e-mail address\./)
      assert.equal(page.forms.length, 1, 'there is nothing to remove')
      const asked = await browser.send(page, { email: 'Alice@Example.org' })
      assertPage(asked, 'email-code')
      assert.equal((await userOf('alice')).email, null)
      const code = await sentCode()
      const wrong = await browser.send(asked, { code: wrongCode(code) })
      assertPage(wrong, 'email-code', 422)
      assert.match(problemAt(wrong, 'code') ?? '', /not right, or it has ended/)
      site.clock.advance(11)
      const copy = copyOf(site, browser)
      assertPage(
        await browser.send(wrong, { code: `${code.slice(0, 4)} ${code.slice(4)}` }),
        'email-done',
      )
      const { email, emailVerified } = await userOf('alice')
      assert.deepEqual([email, emailVerified], ['Alice@example.org', true])
      assert.deepEqual(kinds(await sent()), ['email_confirmed Alice@example.org'])
      const after = await browser.open(at)
      assertPage(after, 'email')
      assert.match(wordsOf(after), /Your address is Alice@example\.org\./)
      for (const ended of [elsewhere, copy]) assertPage(await ended.open(at), 'login')
      // The application is logged out too, and back without a password.
      assert.equal((await site.fetch('/me/grants', { headers })).status, 401)
      assertAnswer(await browser.open(site.authorize('web')), null)
    })

    test('an address is removed; its owner is told, and only this login goes on', async () => {
      const { id } = await userOf('alice')
      await site.auth.users.setEmail(id, 'alice@example.com', { verified: true })
      await sent()
      const elsewhere = site.browser()
      await site.logIn(elsewhere, at)
      const page = await site.logIn(browser, at)
      site.clock.advance(11)
      const copy = copyOf(site, browser)
      const done = await browser.send(page, {}, { form: 1 })
      assertPage(done, 'email-done')
      assert.match(wordsOf(done), /Your account has no e-mail address\./)
      assert.equal((await userOf('alice')).email, null)
      assert.deepEqual(kinds(await sent()), ['email_changed alice@example.com'])
      assertPage(await browser.open(at), 'email')
      for (const ended of [elsewhere, copy]) assertPage(await ended.open(at), 'login')
    })

    test('an address that is not verified is confirmed by its own button', async () => {
      const { id } = await userOf('alice')
      await site.auth.users.setEmail(id, 'alice@example.com')
      const page = await site.logIn(browser, at)
      assert.match(wordsOf(page), /alice@example\.com\. It is not confirmed\./)
      const asked = await browser.send(page)
      assertPage(asked, 'email-code')
      assertPage(await browser.send(asked, { code: await sentCode() }), 'email-done')
      assert.equal((await userOf('alice')).emailVerified, true)
    })

    test('an address that another user has verified meanwhile is told at its field', async () => {
      await site.logIn(browser, at)
      const asked = await ask('shared@example.org')
      const code = await sentCode()
      await site.auth[internals].store.users.update((await userOf('bob')).id, {
        ...{ email: 'shared@example.org', emailKey: 'shared@example.org' },
        emailVerifiedAt: site.clock(),
      })
      const taken = await browser.send(asked, { code })
      assertPage(taken, 'email', 409)
      assert.match(problemAt(taken, 'email') ?? '', /^Another user has verified/)
      assert.equal((await userOf('alice')).email, null)
    })
  })
}

describe('the page', () => {
  beforeEach(async () => {
    site = await openSite()
    browser = site.browser()
  })
  afterEach(() => site.close())

  test('is the same for an address of somebody else, who is told (AC-59)', async () => {
    await site.auth.users.setEmail((await userOf('bob')).id, 'bob@example.com', { verified: true })
    await site.logIn(browser, at)
    const without = ({ html }: Arrival) =>
      html.replaceAll(/[a-z]+@example\.com/g, '').replaceAll(/(name="csrf" value=)"[^"]*"/g, '$1')
    const free = await ask('free@example.com')
    await sent()
    const taken = await ask('bob@example.com')
    assert.equal(without(taken), without(free))
    assert.deepEqual(kinds(await sent()), ['email_wanted bob@example.com'])
  })

  test('asks for the password again after five minutes, and again in each step (AC-57)', async () => {
    const page = await site.logIn(browser, at)
    site.clock.advance(301)
    const refused = await browser.send(page, { email: 'a@b.org' })
    for (const login of [await browser.open(at), refused]) {
      assertPage(login, 'login')
      assert.equal(login.forms[0]?.fields.username, 'alice')
    }
    assert.deepEqual(await sent(), [])
    const again = await browser.send(refused, alice)
    assertPage(again, 'email')
    assert.equal(again.forms[0]?.fields.email, 'a@b.org')
    site.clock.advance(300)
    const asked = await browser.send(again, { email: 'a@example.org' })
    const code = await sentCode()
    site.clock.advance(1)
    for (const form of [0, 1]) {
      const login = await browser.send(asked, { code }, { form })
      assertPage(login, 'login')
      assertPage(await browser.send(login, { ...alice, password: 'wrong' }), 'login', 400)
    }
    assert.equal((await userOf('alice')).email, null)
    // The code is of the session, which goes on.
    const back = await browser.send(await browser.send(asked, { code }), alice)
    assertPage(back, 'email-code')
    assert.match(wordsOf(back), /a@example\.org/)
    assertPage(await browser.send(back, { code }), 'email-done')
  })

  test('takes no cookie of before the latest login', async () => {
    const page = await site.logIn(browser, at)
    const copy = site.browser()
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
    site.clock.advance(301)
    await site.logIn(browser, at)
    assertPage(await copy.open(at), 'login')
    assertPage(await copy.send(page, { email: 'thief@example.org' }), 'login')
    assert.deepEqual(await sent(), [])
    assertPage(await browser.open(at), 'email')
  })

  test('asks whose role demands a second factor by now for it (AC-85)', async () => {
    await site.close()
    box = mailbox()
    site = await openLoginSite({
      auth: {
        accounts: { mailer: box, from: 'no-reply@example.com' },
        factors: { required: ['admin'] },
      },
    })
    browser = site.browser()
    const page = await site.logIn(browser, at)
    await site.auth.users.changeRole((await userOf('alice')).id, 'admin')
    for (const login of [await browser.open(at), await browser.send(page, { email: 'a@b.org' })]) {
      assertPage(login, 'login')
      assert.equal(login.forms[0]?.fields.username, 'alice')
      assertPage(await browser.send(login, alice), 'second-factor-set-up')
    }
    assert.deepEqual(await sent(), [])
  })

  test('takes no form of another site, session, step or address', async () => {
    await site.auth.users.setEmail((await userOf('alice')).id, 'alice@example.com')
    const page = await site.logIn(browser, at)
    const fields = (form: number): Readonly<Record<string, string>> =>
      page.forms[form]?.fields ?? assert.fail()
    const request: Readonly<Record<string, string>> = { ...fields(1), email: 'a@example.org' }
    const remove = fields(2)
    assertPage(await browser.post(at, request), 'error', 403)
    assertPage(await browser.post(at, remove), 'error', 403)
    const own = { 'sec-fetch-site': 'same-origin', origin: issuer }
    for (const wrong of [
      { ...request, csrf: '' },
      { ...request, csrf: remove.csrf ?? '' },
      { ...remove, csrf: request.csrf ?? '' },
    ]) {
      assertTooOld(await browser.post(at, wrong, own), 'email')
    }
    for (const form of ['', 'toString', 'delete']) {
      assertPage(await browser.post(at, { ...request, form }, own), 'error', 400)
    }
    const other = site.browser()
    await site.logIn(other, at)
    assertTooOld(await other.post(at, request, own), 'email')
    assert.deepEqual(await sent(), [])
    const asked = await browser.post(at, request, own)
    assertPage(asked, 'email-code')
    const code = await sentCode()
    assertTooOld(await browser.send(asked, { code, email: 'b@example.org' }), 'email-code')
    assert.equal((await userOf('alice')).email, 'alice@example.com')
    assertPage(await browser.send(asked, { code }), 'email-done')
  })

  test('says what is wrong at the field, in the language of the reader', async () => {
    const page = await site.logIn(browser, at)
    const hostile = `"><script>alert(1)</script>`
    const invalid = await browser.send(page, { email: hostile })
    assertPage(invalid, 'email', 422)
    assert.match(problemAt(invalid, 'email') ?? '', /^The e-mail address must be of the form/)
    assert.doesNotMatch(invalid.html, /<script/)
    assert.equal(invalid.forms[0]?.fields.email, hostile)
    const auf = await browser.send(page, { email: '' }, { headers: german })
    assert.match(problemAt(auf, 'email') ?? '', /^Die E-Mail-Adresse muss/)
    const asked = await ask('new@example.org')
    const code = await sentCode()
    const falsch = await browser.send(asked, { code: wrongCode(code) }, { headers: german })
    assertPage(falsch, 'email-code', 422)
    assert.match(problemAt(falsch, 'code') ?? '', /^Der Code ist nicht richtig/)
    // An empty field is no try.
    for (let tries = 0; tries < 5; tries++) {
      const empty = await browser.send(asked, { code: '' })
      assert.equal(problemAt(empty, 'code'), 'Enter the code of the mail.')
    }
    assertPage(await browser.send(asked, { code }), 'email-done')
  })

  test('sends the code again, at most as often as an address gets mails', async () => {
    await site.logIn(browser, at)
    let page = await ask('new@example.org')
    const codes: (string | null | undefined)[] = [await sentCode()]
    // Three at once, then one a minute: nobody is told which.
    for (const wait of [0, 0, 0, 61]) {
      site.clock.advance(wait)
      const again = await browser.send(page, {}, { form: 1 })
      assertPage(again, 'email-code')
      assert.match(wordsOf(again), /If there is a code to be sent, we have sent it again\./)
      page = again
      codes.push((await sent())[0]?.code)
    }
    const [first, , , none, last] = codes
    assert.equal(none, undefined)
    assertPage(await browser.send(page, { code: String(first) }), 'email-code', 422)
    assertPage(await browser.send(page, { code: String(last) }), 'email-done')
  })

  test('goes to the login of a user who is deleted meanwhile', async () => {
    const page = await site.logIn(browser, at)
    await site.auth.users.remove((await userOf('alice')).id)
    assertPage(await browser.send(page, { email: 'a@example.org' }), 'login')
  })

  test('refuses other methods at its login, and leads from there to itself', async () => {
    const put = await site.fetch(`${at}/login`, { method: 'PUT' })
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, HEAD, POST'])
    assert.equal((await browser.open(`${at}/login?step=code`)).url.href, `${issuer}${at}?step=code`)
  })

  test('lets a browser run no script, and nobody frame it', async () => {
    const pages = [await site.logIn(browser, at), await ask('new@example.org')]
    pages.push(await browser.send(pages[1] as Arrival, { code: await sentCode() }))
    for (const { headers, html } of pages) {
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /^default-src 'none'; style-src/)
      assert.match(policy, /frame-ancestors 'none'$/)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.doesNotMatch(html, /<script/)
    }
  })
})

describe('where the page is', () => {
  const isThere = async (path = at): Promise<boolean> =>
    (await site.answering(new Request(issuer + path))) !== null

  const missing: readonly (readonly [string, AccountOptions, EndpointOptions])[] = [
    ['where addresses are not changed', { emailChange: false }, {}],
    ['where the application has its own', { links: { emailChange: `${issuer}/profile` } }, {}],
    ['where the application has all pages itself', {}, { pages: false }],
  ]
  for (const [name, accounts, endpoints] of missing) {
    test(`it is not ${name}`, async () => {
      site = await openSite(memory(), accounts, endpoints)
      assert.deepEqual([await isThere(), await isThere(`${at}/login`)], [false, false])
      assert.equal(await isThere('/account/apps'), true)
      await site.close()
    })
  }

  test('it shares its path with what programs ask there', async () => {
    site = await openSite(memory(), {}, { mePath: '/account' })
    browser = site.browser()
    const put = await site.fetch(at, { method: 'PUT' })
    assert.deepEqual([put.status, put.headers.get('www-authenticate')], [401, 'Bearer'])
    assertPage(await site.logIn(browser, at), 'email')
    await site.close()
  })

  test('it does so in Fastify too, and the OpenAPI document has the programs alone', async () => {
    const fastify = await openAccountSite({
      ...{ auth: { hostedLogin: hostedLogin() }, plugin: { mePath: '/account' } },
    })
    assert.equal((await fastify.app.inject({ method: 'PUT', url: at })).statusCode, 401)
    const { statusCode, headers } = await fastify.get(at)
    assert.deepEqual([statusCode, headers['content-language']], [200, 'en'])
    const { paths } = (await fastify.get('/openapi.json')).json()
    assert.deepEqual(Object.keys(paths[at]).sort(), ['delete', 'put'])
    await fastify.close()
  })
})
