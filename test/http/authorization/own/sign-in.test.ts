// The page on which users look after their password, their second factors and their recovery codes.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { internals } from '../../../../src/core/internals.ts'
import { assertAbsent } from '../../../canaries.ts'
import { goodPassword } from '../../../fixtures.ts'
import { type Arrival, type TestBrowser, wordsOf } from '../browser.ts'
import { assertPage, issuer, type LoginSite } from '../login-site.ts'
import {
  addApp,
  alice,
  assertTooOld,
  copyOf,
  formAt,
  noticeOf,
  openOwnSite,
  secretsOf,
  sendForm,
  sessionCookie,
  summaryOf,
  userOf,
} from './own-site.ts'

const at = '/account/sign-in'
const otherPassword = 'seven quiet lamps dream'
const own = { 'sec-fetch-site': 'same-origin', origin: issuer }

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openOwnSite()
  browser = site.browser()
})
afterEach(() => site.close())

const factors = async (name = 'alice') =>
  (await site.auth.factors?.list((await userOf(site, name)).id)) ?? []

/** What is said at a field of the password. */
const problemAt = ({ html }: Arrival, name: string): string | undefined =>
  new RegExp(`id="${name}-error">.*?<span>(.*?)</span>`, 's').exec(html)?.[1]

test('a new password ends every other login and copies of the cookie, and this browser stays (OP-54)', async () => {
  const elsewhere = site.browser()
  await site.logIn(elsewhere, at)
  const page = await site.logIn(browser, at)
  assertPage(page, 'sign-in')
  site.clock.advance(11)
  const copy = copyOf(site, browser)
  const done = await sendForm(browser, page, 'password', {
    ...{ current: goodPassword, password: otherPassword },
  })
  assertPage(done, 'sign-in')
  assert.equal(noticeOf(done), 'Your password is changed. You are logged out everywhere else.')
  assert.notEqual(browser.cookies.get(sessionCookie), copy.cookies.get(sessionCookie))
  for (const other of [elsewhere, copy]) assertPage(await other.open('/account'), 'login')
  assertPage(await site.logIn(site.browser(), at), 'login', 400)
  assertPage(await site.logIn(site.browser(), at, 'alice', otherPassword), 'sign-in')
  // The answer to the form was a page that moves on: nothing is left to be sent again.
  assert.deepEqual(
    done.hops.map(({ method }) => method),
    ['POST', 'GET'],
  )
})

test('a password that is refused is told at its field, and wrong ones count', async () => {
  const page = await site.logIn(browser, at)
  const send = (current: string, password: string): Promise<Arrival> =>
    sendForm(browser, page, 'password', { current, password })
  const weak = await send(goodPassword, 'password1234')
  assertPage(weak, 'sign-in', 422)
  assert.match(problemAt(weak, 'password') ?? '', /The password is easy to guess/)
  const wrong = await send('not it at all, no', otherPassword)
  assertPage(wrong, 'sign-in', 400)
  assert.equal(problemAt(wrong, 'current'), 'The old password is not right.')
  const empty = await send('', otherPassword)
  assertPage(empty, 'sign-in', 422)
  assert.equal(summaryOf(empty), 'Enter your current password and a new one.')
  const german = await browser.send(
    page,
    { current: 'falsch', password: otherPassword },
    {
      ...{ form: formAt(page, 'password'), headers: { 'accept-language': 'de' } },
    },
  )
  assert.equal(problemAt(german, 'current'), 'Das alte Passwort ist nicht richtig.')
  for (let tries = 0; tries < 4; tries++)
    await send(`wrong, for the ${tries}th time`, otherPassword)
  const throttled = await send(goodPassword, otherPassword)
  assertPage(throttled, 'sign-in', 429)
  assert.match(throttled.headers.get('retry-after') ?? '', /^\d+$/)
  assert.match(problemAt(throttled, 'current') ?? '', /^Too many failed attempts/)
  assert.equal(throttled.html.includes(goodPassword), false)
})

test('an app is added, renamed and removed; the first one ends all other logins (AC-70, AC-75)', async () => {
  const elsewhere = site.browser()
  await site.logIn(elsewhere, at)
  await site.logIn(browser, at)
  site.clock.advance(11)
  const copy = copyOf(site, browser)
  const { device, after } = await addApp(site, browser)
  assertPage(after, 'recovery-codes')
  assert.equal(noticeOf(after), 'The app is added. You are logged out everywhere else.')
  assert.equal(secretsOf(after).length, 8)
  for (const other of [elsewhere, copy]) assertPage(await other.open('/account'), 'login')
  const page = await browser.open(at)
  assertPage(page, 'sign-in')
  assert.match(wordsOf(page), /phone Added on .* Last used on .*\. Rename/)
  assert.match(wordsOf(page), /You have 8 codes left\./)
  const renamed = await sendForm(browser, page, 'rename', { name: '<b>old phone</b>' })
  assertPage(renamed, 'sign-in')
  assert.equal(noticeOf(renamed), 'The name is changed.')
  assert.match(renamed.html, /<bdi>&#60;b&#62;old phone&#60;\/b&#62;<\/bdi>/)
  const unnamed = await sendForm(browser, page, 'rename', { name: '' })
  assertPage(unnamed, 'sign-in', 422)
  assert.match(problemAt(unnamed, 'app-1-name') ?? '', /^The name must have 1 to 64 characters/)
  assert.match(unnamed.html, /<details open>/)
  const removed = await sendForm(browser, renamed, 'remove')
  assert.equal(noticeOf(removed), 'It is removed.')
  assert.deepEqual(await factors(), [])
  assert.doesNotMatch(wordsOf(removed), /codes left/)
  assert.equal(await site.auth.factors?.recoveryCodesLeft((await userOf(site)).id), 0)
  assertPage(await site.logIn(site.browser(), at), 'sign-in')
  assert.notEqual(device.secret, '')
})

test('a second app brings no codes, and leaves the others logged in', async () => {
  await site.logIn(browser, at)
  const { device } = await addApp(site, browser)
  site.clock.advance(30)
  const elsewhere = site.browser()
  const login = await site.logIn(elsewhere, at)
  assertPage(login, 'second-factor')
  assertPage(await elsewhere.send(login, { code: device.code() }), 'sign-in')
  const { after } = await addApp(site, browser, 'tablet')
  assertPage(after, 'sign-in')
  assert.equal(noticeOf(after), 'The app is added.')
  assertPage(await elsewhere.open(at), 'sign-in')
  assert.deepEqual(
    (await factors()).map(({ name }) => name),
    ['phone', 'tablet'],
  )
})

test('a wrong code shows the same picture again, and nothing of the set-up is stored in the clear', async () => {
  const page = await site.logIn(browser, at)
  const setUp = await sendForm(browser, page, 'addApp', { name: 'phone' })
  assertPage(setUp, 'second-factor-set-up')
  assert.ok(setUp.html.includes('<svg '))
  const { secret = '', uri = '' } = setUp.forms[0]?.fields ?? {}
  const wrong = await browser.send(setUp, { code: '12' })
  assertPage(wrong, 'second-factor-set-up', 422)
  assert.equal(wrong.forms[0]?.fields.secret, secret)
  const forged = { ...setUp.forms[0]?.fields, secret: 'JBSWY3DPEHPK3PXP', code: '123456' }
  assertTooOld(await browser.post(at, forged, own), 'sign-in')
  const { store } = site.auth[internals]
  assertAbsent(JSON.stringify(await store.factors?.listByUser((await userOf(site)).id)), {
    ...{ secret, uri },
  })
  // Begun again, the picture is another one: nothing shows the first one again.
  const again = await sendForm(browser, page, 'addApp', { name: 'phone' })
  assert.notEqual(again.forms[0]?.fields.secret, secret)
  const ended = await browser.send(setUp, { code: '123456' })
  assertPage(ended, 'sign-in', 404)
  assert.equal(summaryOf(ended), 'This enrolment has ended: begin again.')
})

test('a set-up that was begun may take ten minutes, and a form that begins one five (AC-70)', async () => {
  const page = await site.logIn(browser, at)
  const setUp = await sendForm(browser, page, 'addApp', { name: 'phone' })
  site.clock.advance(301)
  for (const name of ['addApp', 'password']) {
    assertPage(await sendForm(browser, page, name, { name: 'x' }), 'login')
  }
  const login = await browser.open(at)
  assertPage(login, 'login')
  assert.match(wordsOf(login), /This needs a login of the last 5 minutes\./)
  assert.equal(login.forms[0]?.fields.username, 'alice')
  const { id = '', secret = '' } = setUp.forms[0]?.fields ?? {}
  const { deviceOf } = await import('../../../server/factors/device.ts')
  const done = await browser.send(setUp, { code: deviceOf(site, { id, secret }).code() })
  assertPage(done, 'recovery-codes')
})

test('a name that was typed is there after the login that it needed, and no password is', async () => {
  const page = await site.logIn(browser, at)
  site.clock.advance(301)
  const login = await sendForm(browser, page, 'addApp', { name: 'my tablet' })
  assertPage(login, 'login')
  const back = await browser.send(await browser.send(login, { ...alice, password: 'x' }), alice)
  assertPage(back, 'sign-in')
  assert.equal(back.forms[formAt(back, 'addApp')]?.fields.name, 'my tablet')
  site.clock.advance(301)
  const typed = { current: goodPassword, password: otherPassword }
  const again = await sendForm(browser, back, 'password', typed)
  assertPage(again, 'login')
  assert.equal(again.url.search, '')
})

test('a set-up that has ended leads to the login, not to the page without one (AC-70)', async () => {
  const page = await site.logIn(browser, at)
  const setUp = await sendForm(browser, page, 'addApp', { name: 'phone' })
  site.clock.advance(601)
  assertPage(await browser.send(setUp, { code: '123456' }), 'login')
  assert.deepEqual(await factors(), [])
})

test('a name that is blank is the usual one, and no field takes more than a name may have', async () => {
  const page = await site.logIn(browser, at)
  const { html } = page
  assert.match(html, /<input id="name" name="name"[^>]* maxlength="64"/)
  const setUp = await sendForm(browser, page, 'addApp', { name: ' ' })
  const { id = '', secret = '' } = setUp.forms[0]?.fields ?? {}
  const { deviceOf } = await import('../../../server/factors/device.ts')
  await browser.send(setUp, { code: deviceOf(site, { id, secret }).code() })
  const [app] = await factors()
  assert.equal(app?.name, 'Authenticator app')
  const again = await browser.open(at)
  assert.match(again.html, /<input id="app-1-name"[^>]* maxlength="64"/)
  assertPage(await sendForm(browser, again, 'rename', { name: 'x'.repeat(65) }), 'sign-in', 422)
  assert.equal(
    noticeOf(await sendForm(browser, again, 'rename', { name: 'x'.repeat(64) })),
    'The name is changed.',
  )
})

test('a user with a factor shows it here too, also in a session of before it (AC-70)', async () => {
  await site.logIn(browser, at)
  const { device } = await addApp(site, browser)
  const page = await browser.open(at)
  site.clock.advance(301)
  const login = await sendForm(browser, page, 'remove')
  assertPage(login, 'login')
  const step = await browser.send(login, alice)
  assertPage(step, 'second-factor')
  assert.equal((await factors()).length, 1)
  assertPage(await browser.send(step, { code: device.code() }), 'sign-in')
  // A session with one factor, as one that was opened while factors were switched off.
  const { sessionId } = { sessionId: browser.cookies.get(sessionCookie)?.split('.')[0]?.slice(4) }
  const { store } = site.auth[internals]
  const session = (await store.sessions.find(sessionId ?? '')) ?? assert.fail()
  await store.sessions.reauthenticate({
    ...{ ...session, acr: '1fa', amr: ['pwd'], idleSince: 0 },
    ...{ authenticatedAt: site.clock(), generation: undefined },
  })
  for (const path of [at, '/account', '/account/sessions', '/account/keys', '/account/apps']) {
    assertPage(await browser.open(path), 'login')
  }
  assertPage(await sendForm(browser, page, 'remove'), 'login')
  assert.equal((await factors()).length, 1)
})

test('new recovery codes end the older ones, are shown once, and are made once (AC-72, AC-75)', async () => {
  await site.logIn(browser, at)
  const { device, after } = await addApp(site, browser)
  const first = secretsOf(after)
  const page = await browser.open(at)
  const made = await sendForm(browser, page, 'renewCodes')
  assertPage(made, 'recovery-codes')
  assert.equal(made.headers.get('cache-control'), 'no-store')
  const second = secretsOf(made)
  assert.equal(new Set([...first, ...second]).size, 16)
  // The page is loaded again, the form is sent from another tab.
  const again = await sendForm(browser, page, 'renewCodes')
  assertPage(again, 'sign-in')
  assert.equal(
    noticeOf(again),
    'The form was sent before, so nothing was done again. What it showed is not shown again.',
  )
  for (const code of [...first, ...second]) assert.equal(again.html.includes(code), false)
  const login = await site.logIn(site.browser(), at)
  assertPage(login, 'second-factor')
  const stranger = site.browser()
  const tried = await site.logIn(stranger, at)
  assertPage(await stranger.send(tried, { code: first[0] ?? '' }), 'second-factor', 400)
  const last = await stranger.send(tried, { code: second[0] ?? '' })
  assertPage(last, 'sign-in')
  assert.match(wordsOf(last), /You have 7 codes left\./)
  assert.notEqual(device.id, '')
})

test('two clicks on one button make codes once', async () => {
  await site.logIn(browser, at)
  await addApp(site, browser)
  const page = await browser.open(at)
  const clicks = await Promise.all(
    Array.from({ length: 5 }, () => sendForm(browser, page, 'renewCodes')),
  )
  // One that comes after the other has ended is told that it was sent before.
  const sets = new Set(clicks.map((each) => secretsOf(each).join()))
  sets.delete('')
  assert.equal(sets.size, 1)
  const about = { userId: (await userOf(site)).id, type: 'recovery_codes_made', limit: 9 } as const
  assert.equal((await site.auth.events.list(about)).length, 1)
})

test('the last factor of a role that demands one stays (AC-106)', async () => {
  await site.logIn(browser, at)
  const { device } = await addApp(site, browser)
  await site.auth.users.changeRole((await userOf(site)).id, 'admin')
  const page = await browser.open(at)
  const refused = await sendForm(browser, page, 'remove')
  assertPage(refused, 'sign-in', 409)
  assert.match(summaryOf(refused) ?? '', /demands a second factor/)
  site.clock.advance(30)
  await addApp(site, browser, 'tablet')
  const two = await browser.open(at)
  const results = await Promise.all([0, 1].map((nth) => sendForm(browser, two, 'remove', {}, nth)))
  assert.deepEqual(results.map(({ status }) => status).sort(), [200, 409])
  assert.equal((await factors()).length, 1)
  assert.notEqual(device.id, '')
})

test('nobody renames or removes a factor of somebody else (AC-105)', async () => {
  const bob = site.browser()
  await site.logIn(bob, at, 'bob')
  await addApp(site, bob)
  await site.logIn(browser, at)
  await addApp(site, browser)
  const page = await browser.open(at)
  const theirs = (await factors('bob'))[0]?.id ?? assert.fail()
  for (const name of ['rename', 'remove']) {
    const { fields } = page.forms[formAt(page, name)] ?? assert.fail()
    assertTooOld(await browser.post(at, { ...fields, id: theirs, name: 'mine' }, own), 'sign-in')
  }
  // With a form of Bob's, whose cookie of the form somebody has.
  const bobs = await bob.open(at)
  const { fields } = bobs.forms[formAt(bobs, 'remove')] ?? assert.fail()
  assertTooOld(await browser.post(at, fields, own), 'sign-in')
  assert.equal((await factors('bob'))[0]?.name, 'phone')
  // One that is gone is told of as one that never was.
  await sendForm(browser, page, 'remove')
  const gone = await sendForm(browser, page, 'remove')
  assertPage(gone, 'sign-in', 404)
  assert.equal(summaryOf(gone), 'There is no such second factor.')
})

test('no form of another site, without its proof, or of another name is taken', async () => {
  const page = await site.logIn(browser, at)
  const { fields } = page.forms[formAt(page, 'password')] ?? assert.fail()
  const typed = { ...fields, current: goodPassword, password: otherPassword }
  assertPage(await browser.post(at, typed), 'error', 403)
  assertTooOld(await browser.post(at, { ...typed, csrf: '' }, own), 'sign-in')
  assertTooOld(await browser.post(at, { ...typed, form: 'addApp' }, own), 'sign-in')
  for (const form of ['', 'constructor', 'withdraw']) {
    assertPage(await browser.post(at, { ...typed, form }, own), 'error', 400)
  }
  // Not the same form in another session of the same user.
  const other = site.browser()
  await site.logIn(other, at)
  assertTooOld(await other.post(at, typed, own), 'sign-in')
  assertPage(await site.browser().post(at, typed, own), 'login')
  assertPage(await browser.open(at), 'sign-in')
  assertPage(await site.logIn(site.browser(), at), 'sign-in')
})

test('a user who is deactivated, logged out or promoted meanwhile changes nothing', async () => {
  const page = await site.logIn(browser, at)
  const { id } = await userOf(site)
  const change = () =>
    sendForm(browser, page, 'password', { current: goodPassword, password: otherPassword })
  await site.auth.users.changeRole(id, 'admin')
  assertPage(await change(), 'login')
  await site.auth.users.changeRole((await userOf(site, 'bob')).id, 'admin')
  await site.auth.users.changeRole(id, 'member')
  await site.auth.users.deactivate(id)
  assertPage(await change(), 'login')
  await site.auth.users.reactivate(id)
  assertPage(await change(), 'login')
  assertPage(await site.logIn(site.browser(), at), 'sign-in')
})

test('a user without a password has no form for one, and without factors there is nothing of them', async () => {
  await site.close()
  site = await openOwnSite({ factors: undefined as never })
  browser = site.browser()
  const page = await site.logIn(browser, at)
  assert.deepEqual(
    page.forms.map(({ fields }) => fields.form),
    ['password'],
  )
  const { fields } = page.forms[0] ?? assert.fail()
  assertTooOld(await browser.post(at, { ...fields, form: 'addApp' }, own), 'sign-in')
  const { id } = await userOf(site)
  const { passwordHash } = (await site.auth[internals].store.users.findById(id)) ?? assert.fail()
  await site.auth[internals].store.users.replacePasswordHash(id, passwordHash, null as never)
  const bare = await browser.open(at)
  assert.match(wordsOf(bare), /Your account has no password\./)
  assert.equal(bare.forms.length, 0)
})
