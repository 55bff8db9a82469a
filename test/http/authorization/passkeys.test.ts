// Passkeys on the pages of a login by browser, with credentials made by hand: what no browser would send.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { hostedPages } from '../../../src/hosted-login/hosted-pages.ts'
import {
  type Altered,
  type Authenticator,
  makeAuthenticator,
  type PublicKey,
} from '../../server/factors/authenticator.ts'
import { type Arrival, openBrowser, type TestBrowser } from './browser.ts'
import { assertAnswer, assertPage, issuer, type LoginSite, openLoginSite } from './login-site.ts'
import { alice, noticeOf, secretsOf, sendForm, summaryOf, userOf } from './own/own-site.ts'

let site: LoginSite
let browser: TestBrowser
let key: Authenticator

beforeEach(async () => {
  site = await openSite()
  browser = site.browser()
  key = makeAuthenticator({ origin: issuer })
})
afterEach(() => site.close())

const openSite = (required: readonly string[] = []): Promise<LoginSite> =>
  openLoginSite({ auth: { factors: { passkeys: true, required } } })

/** What the page asks the browser with. */
function askedBy({ html }: Arrival): PublicKey & { readonly userVerification?: string } {
  const [, data = ''] =
    /data-passkey="([^"]*)"/.exec(html) ?? assert.fail('no passkey is asked for')
  return JSON.parse(data.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))).publicKey
}

/** As the script sends the form. */
const show = (page: Arrival, altered?: Altered, form = 0): Promise<Arrival> =>
  browser.send(page, { credential: JSON.stringify(key.get(askedBy(page), altered)) }, { form })

/** Adds the passkey on the page of the account. */
async function enrol(): Promise<Arrival> {
  const page = await site.logIn(browser, '/account/sign-in')
  const credential = JSON.stringify(key.create(askedBy(page)))
  return await sendForm(browser, page, 'addPasskey', { credential })
}

/** The same in another browser, which knows nobody. */
async function enrolAndLeave(): Promise<void> {
  assertPage(await enrol(), 'recovery-codes')
  browser = site.browser()
}

test('a passkey that the device has made is kept, though the login is not recent by now (AC-97)', async () => {
  const page = await site.logIn(browser, '/account/sign-in')
  const credential = JSON.stringify(key.create(askedBy(page)))
  site.clock.advance(290)
  const late = await browser.open('/account/sign-in')
  const another = makeAuthenticator({ origin: issuer })
  const made = JSON.stringify(another.create(askedBy(late)))
  site.clock.advance(15)
  // The challenge of the first page has ended.
  assertPage(await sendForm(browser, page, 'addPasskey', { credential }), 'login')
  assertPage(
    await sendForm(browser, late, 'addPasskey', { name: ' ', credential: made }),
    'recovery-codes',
  )
  const [passkey] = (await site.auth.factors?.list((await userOf(site)).id)) ?? []
  assert.equal(passkey?.name, 'Passkey')
})

test('what the script asks for is taken by its own methods alone, and read as what it is', async () => {
  for (const [path, method, allow] of [
    ['/auth/authorize/passkey', 'GET', 'POST'],
    ['/auth/authorize/passkey.js', 'POST', 'GET, HEAD'],
    ['/auth/authorize', 'PUT', 'GET, HEAD, POST'],
  ] as const) {
    const refused = await site.fetch(path, { method })
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, allow])
    assert.match(await refused.text(), /This address does not take requests of this kind\./)
  }
  const challenge = await site.fetch('/auth/authorize/passkey', { method: 'POST' })
  assert.equal(challenge.status, 200)
  assert.equal(challenge.headers.get('x-content-type-options'), 'nosniff')
})

test('a passkey logs in at once, and the tokens say so', async () => {
  await enrolAndLeave()
  const page = await browser.open(site.authorize('web'))
  assert.equal(askedBy(page).userVerification, 'required')
  const arrival = await show(page)
  assertAnswer(arrival, null)
  const { token, id } = await site.exchange('web', arrival)
  assert.deepEqual([token.acr, token.amr], ['phr', ['hwk', 'user', 'mfa']])
  assert.deepEqual([id.acr, id.amr], ['phr', ['hwk', 'user', 'mfa']])
})

test('a passkey that has not verified its user logs nobody in, and the page says what to do (AC-100)', async () => {
  await enrolAndLeave()
  const page = await browser.open(site.authorize('web'))
  const refused = await show(page, { verified: false })
  assertPage(refused, 'login', 400)
  assert.match(summaryOf(refused) ?? '', /^This passkey does not check who uses it\./)
  assert.equal(browser.cookies.has('__Host-portcullis_session'), false)
})

test('whatever is wrong with a passkey, the login page says the same', async () => {
  await enrolAndLeave()
  const first = await browser.open(site.authorize('web'))
  const says = summaryOf(await show(first, { flipped: true }))
  assert.match(says ?? '', /^The passkey was not accepted\./)
  const strange = makeAuthenticator({ origin: issuer })
  const page = await browser.open(site.authorize('web'))
  for (const credential of [
    JSON.stringify(strange.get(askedBy(page), { userHandle: 'AAAA' })),
    JSON.stringify(key.get(askedBy(page), { challenge: askedBy(first).challenge })),
    '{}',
    'no JSON',
  ]) {
    const refused = await browser.send(page, { credential })
    assertPage(refused, 'login', 400)
    assert.equal(summaryOf(refused), says)
  }
})

test('a form from elsewhere, or of another browser, is not taken with a passkey either', async () => {
  await enrolAndLeave()
  const page = await browser.open(site.authorize('web'))
  const credential = JSON.stringify(key.get(askedBy(page)))
  const headers = { 'sec-fetch-site': 'cross-site' }
  const foreign = await browser.send(page, { credential }, { headers })
  assertPage(foreign, 'login', 403)
  const other = await site.browser().send(page, { credential })
  assertPage(other, 'login', 403)
})

test('a double click logs in once, and the same form later logs nobody in (AC-97)', async () => {
  await enrolAndLeave()
  const page = await browser.open('/account/apps')
  const sent = { credential: JSON.stringify(key.get(askedBy(page))) }
  const [one, two] = await Promise.all([browser.send(page, sent), browser.send(page, sent)])
  assertPage(one, 'apps')
  assertPage(two, 'apps')
  const { id: userId } = await userOf(site)
  const logins = await site.auth.events.list({ userId, type: 'authn_login_success' })
  // One with the password, for the page on which the passkey was added.
  assert.equal(logins.length, 2)
  site.clock.advance(11)
  const copy = site.browser()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  assertPage(await copy.send(page, sent), 'login', 400)
})

test('after the password a passkey is asked for, and one of this login alone is taken', async () => {
  await enrolAndLeave()
  const login = async (): Promise<Arrival> =>
    await browser.send(await browser.open(site.authorize('web')), alice)
  const first = await login()
  const page = await login()
  assertPage(page, 'second-factor')
  assert.doesNotMatch(page.html, /authenticator app/)
  const swapped = await show(page, { challenge: askedBy(first).challenge })
  assertPage(swapped, 'second-factor', 400)
  assert.match(summaryOf(swapped) ?? '', /^The passkey was not accepted\./)
  const arrival = await show(swapped, { verified: false })
  const { token } = await site.exchange('web', arrival)
  assert.deepEqual([token.acr, token.amr], ['2fa', ['pwd', 'hwk', 'user', 'mfa']])
})

test('a passkey that is set up in a login is judged, and a refused one can be tried again (AC-85)', async () => {
  await site.close()
  site = await openSite(['member'])
  browser = site.browser()
  const page = await browser.send(await browser.open(site.authorize('web')), alice)
  assertPage(page, 'second-factor-set-up')
  const make = (at: Arrival, altered?: Altered): Promise<Arrival> =>
    browser.send(at, { credential: JSON.stringify(key.create(askedBy(at), altered)) })
  const refused = await make(page, { origin: 'https://elsewhere.example' })
  assertPage(refused, 'second-factor-set-up', 422)
  assert.match(summaryOf(refused) ?? '', /^The passkey cannot be used here/)
  const codes = await make(refused)
  assertPage(codes, 'recovery-codes')
  assert.equal(secretsOf(codes).length, 8)
  // The login went on: its form is worth nothing now.
  assertPage(await make(refused), 'login', 403)
  browser = site.browser()
  assertAnswer(await show(await browser.open(site.authorize('web'))), null)
})

test('the page of the account adds a passkey once, and says what is wrong with one', async () => {
  const codes = await enrol()
  assertPage(codes, 'recovery-codes')
  assert.equal(secretsOf(codes).length, 8)
  const page = await browser.open('/account/sign-in')
  assertPage(page, 'sign-in')
  const known = await sendForm(browser, page, 'addPasskey', {
    credential: JSON.stringify(key.create(askedBy(page))),
  })
  assertPage(known, 'sign-in', 409)
  assert.match(summaryOf(known) ?? '', /^This passkey is known here already/)
  key = makeAuthenticator({ origin: issuer })
  const credential = JSON.stringify(key.create(askedBy(known)))
  const second = await sendForm(browser, known, 'addPasskey', { credential, name: 'key' })
  assertPage(second, 'sign-in')
  assert.equal(noticeOf(second), 'The passkey is added.')
  const again = await sendForm(browser, known, 'addPasskey', { credential })
  assertPage(again, 'sign-in', 410)
  const { id } = await userOf(site)
  assert.equal((await site.auth.factors?.list(id))?.length, 2)
})

test('a challenge of one user makes no passkey for another (AC-97)', async () => {
  const page = await site.logIn(browser, '/account/sign-in')
  const bob = site.browser()
  const own = await site.logIn(bob, '/account/sign-in', 'bob')
  const [{ fields = {} } = {}] = page.forms.filter(({ fields: { form } }) => form === 'addPasskey')
  const taken = await sendForm(bob, own, 'addPasskey', {
    challenge_id: fields.challenge_id ?? '',
    credential: JSON.stringify(key.create(askedBy(page))),
  })
  assertPage(taken, 'sign-in', 410)
})

test('the script has a policy that lets scripts of this server run, and a path that never changes its text', async () => {
  const page = await browser.open(site.authorize('web'))
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /script-src 'self';/)
  assert.match(policy, /connect-src 'self';/)
  assert.doesNotMatch(policy, /unsafe/)
  const [, path = ''] = /<script src="([^"]*)" defer>/.exec(page.html) ?? assert.fail()
  const script = await site.fetch(path.replace('&#61;', '='))
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.match(script.headers.get('cache-control') ?? '', /immutable/)
  assert.match(await script.text(), /SimpleWebAuthnBrowser/)
  const older = await site.fetch(path.replace(/v.*/, 'v=another'))
  assert.equal(older.headers.get('cache-control'), 'no-cache')
  const renewed = await site.fetch('/auth/authorize/passkey', { method: 'POST' })
  assert.equal(renewed.headers.get('cache-control'), 'no-store')
  assert.deepEqual(Object.keys(Object(await renewed.json())), ['challenge_id', 'public_key'])
})

test('where passkeys are off nothing of them is on the pages, and their paths are not there', async () => {
  const plain = await openLoginSite({ auth: { factors: {} } })
  try {
    const page = await plain.browser().open(plain.authorize('web'))
    assert.doesNotMatch(page.html, /passkey|webauthn|<script/)
    for (const path of ['/auth/authorize/passkey', '/auth/authorize/passkey.js']) {
      const missing = openBrowser(issuer, plain.answering)
      assert.equal((await missing.open(path)).status, 404)
    }
  } finally {
    await plain.close()
  }
})

test('a login page of the application gets what the script needs', async () => {
  const seen: { passkey: unknown; hidden: Readonly<Record<string, string>> }[] = []
  const own = await openLoginSite({
    auth: { factors: { passkeys: true } },
    hosted: {
      pages: {
        login: ({ passkey, hidden, action }) => {
          seen.push({ passkey, hidden })
          const fields = Object.entries(hidden).map(
            ([name, value]) => `<input name="${name}" value="${value}">`,
          )
          return `<body data-page="own"><form action="${action.replaceAll('&', '&#38;')}">${fields.join('')}</form>`
        },
      },
    },
  })
  try {
    const page = await own.browser().open(own.authorize('web'))
    assert.equal(page.kind, 'own')
    const [{ passkey, hidden } = assert.fail()] = seen
    assert.deepEqual(Object.keys(Object(passkey)), ['data', 'script'])
    assert.deepEqual(Object.keys(hidden), ['csrf', 'challenge_id', 'credential'])
    assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self'/)
  } finally {
    await own.close()
  }
})

test('acr_values=phr is a wish: who has no passkey logs in as before, and nobody is asked for ever (OP-67)', async () => {
  const wish = { acr_values: 'phr' }
  const bob = site.browser()
  const plain = await site.logIn(bob, site.authorize('web', wish), 'bob')
  assert.equal((await site.exchange('web', plain)).token.acr, '1fa')
  await enrolAndLeave()
  const page = await site.logIn(browser, site.authorize('web', wish))
  assertPage(page, 'second-factor')
  // It was shown, without verification: that is what there is.
  const arrival = await show(page, { verified: false })
  assertAnswer(arrival, null)
  assert.equal((await site.exchange('web', arrival)).token.acr, '2fa')
  assertAnswer(
    await browser.open(site.authorize('web', { ...wish, prompt: 'none' })),
    'interaction_required',
  )
  const again = await browser.open(site.authorize('web', wish))
  assertPage(again, 'second-factor')
  assert.match(again.html, /asks for your passkey/)
  const better = await show(again)
  assert.equal((await site.exchange('web', better)).token.acr, 'phr')
  assertAnswer(await browser.open(site.authorize('web', { ...wish, prompt: 'none' })), null)
})

test('a route of the application finds the user of a passkey, and of no other', async () => {
  await enrolAndLeave()
  const { passkeys, complete } = hostedPages(site.auth)
  assert.ok(passkeys)
  const shown = (altered?: Altered) => {
    const { challengeId, publicKey } = passkeys.challenge()
    return { challengeId, credential: key.get(publicKey, altered) }
  }
  for (const altered of [{ verified: false }, { flipped: true }]) {
    assert.equal(await passkeys.logIn(shown(altered)), null)
  }
  const good = shown()
  const login = (await passkeys.logIn(good, { address: '192.0.2.1' })) ?? assert.fail()
  assert.equal(await passkeys.logIn(good), null)
  assert.deepEqual([login.user.username, login.acr], ['alice', 'phr'])
  assert.equal('passwordHash' in login.user, false)
  const request = { method: 'POST', url: '/sign-in', headers: { 'sec-fetch-site': 'same-origin' } }
  const { acr, amr } = login
  assert.equal((await complete(request, login.user, { acr, amr })).status, 200)
  const plain = await openLoginSite()
  assert.equal(hostedPages(plain.auth).passkeys, null)
  await plain.close()
})
