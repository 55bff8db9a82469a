// The page on which users see where they are logged in, and end that.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { type TestBrowser, wordsOf } from '../browser.ts'
import { assertAnswer, assertPage, issuer, type LoginSite } from '../login-site.ts'
import {
  assertTooOld,
  copyOf,
  formAt,
  noticeOf,
  openOwnSite,
  sendForm,
  sessionCookie,
  userOf,
} from './own-site.ts'

const at = '/account/sessions'
const own = { 'sec-fetch-site': 'same-origin', origin: issuer }
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openOwnSite()
  browser = site.browser()
})
afterEach(() => site.close())

const count = async (): Promise<number> =>
  (await site.auth.sessions.list((await userOf(site)).id)).length

test('users see their logins with program and application, this one first', async () => {
  const other = site.browser()
  const login = await other.open(at, { 'user-agent': firefox })
  const headers = { 'user-agent': firefox }
  await other.send(login, { username: 'alice', password: 'vivid harbor ladle ox' }, { headers })
  const third = site.authorize('third', { scope: 'items:read' })
  const consent = await other.open(third)
  await site.exchange('third', await other.send(consent, {}, { button: 'allow' }))
  const page = await site.logIn(browser, at)
  assertPage(page, 'sessions')
  const items = [...page.html.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = '']) =>
    item.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' '),
  )
  assert.equal(items.length, 3)
  assert.match(items[0] ?? '', /^ ?Unknown program This browser .* From 192\.0\.2\.1\. Since/)
  assert.match(items[0] ?? '', /Log out here ?$/)
  const rest = items.slice(1).join()
  assert.match(rest, /Firefox on Linux .*Login in a browser/)
  assert.match(rest, /Application: Third App/)
  assert.equal(page.html.includes('Mozilla'), false)
})

test('one login is ended, with what was opened through it', async () => {
  const other = site.browser()
  assertAnswer(await site.logIn(other, site.authorize('web')), null)
  const page = await site.logIn(browser, at)
  const done = await sendForm(browser, page, 'end')
  assert.equal(noticeOf(done), 'That login is ended.')
  assertPage(await other.open(at), 'login')
  assert.equal(await count(), 1)
  // From a second tab it is as if it had ended by itself.
  assertPage(await sendForm(browser, page, 'end'), 'sessions')
})

test('all others are ended, a copy of the cookie too, and this browser stays (OP-54)', async () => {
  const other = site.browser()
  await site.logIn(other, at)
  const page = await site.logIn(browser, at)
  site.clock.advance(30)
  const copy = copyOf(site, browser)
  const done = await sendForm(browser, page, 'endOthers')
  assertPage(done, 'sessions')
  assert.equal(noticeOf(done), 'You are logged out everywhere else.')
  assert.doesNotMatch(done.html, /value="endOthers"/)
  for (const ended of [other, copy]) assertPage(await ended.open(at), 'login')
  assert.notEqual(copy.cookies.get(sessionCookie), browser.cookies.get(sessionCookie))
  assert.equal(await count(), 1)
})

test('a copy of the cookie of before a login changes nothing, and gets no newer one (OP-54)', async () => {
  const other = site.browser()
  await site.logIn(other, at)
  await site.logIn(browser, at)
  site.clock.advance(301)
  const copy = copyOf(site, browser)
  const forms = await copy.open(at)
  await site.logIn(browser, '/account/sign-in')
  for (const name of ['endOthers', 'end']) {
    const answer = await sendForm(copy, forms, name)
    assertPage(answer, 'sessions')
    assert.equal(noticeOf(answer), undefined)
  }
  assert.notEqual(copy.cookies.get(sessionCookie), browser.cookies.get(sessionCookie))
  assert.equal(await count(), 2)
  assertPage(await copy.open('/account/sign-in'), 'login')
  site.clock.advance(11)
  assertPage(await browser.open('/account/sign-in'), 'sign-in')
  assertPage(await copy.open(at), 'login')
})

test('nobody ends a login of somebody else, and no other site ends one', async () => {
  const bob = site.browser()
  await site.logIn(bob, at, 'bob')
  await site.logIn(site.browser(), at)
  const page = await site.logIn(browser, at)
  const theirs = (await site.auth.sessions.list((await userOf(site, 'bob')).id))[0]?.id ?? ''
  const { fields } = page.forms[formAt(page, 'end')] ?? assert.fail()
  assertTooOld(await browser.post(at, { ...fields, session: theirs }, own), 'sessions')
  assertPage(await browser.post(at, fields), 'error', 403)
  assertTooOld(await bob.post(at, fields, own), 'sessions')
  const others = page.forms[formAt(page, 'endOthers')]?.fields ?? assert.fail()
  assertPage(await browser.post(at, others), 'error', 403)
  assert.equal(await count(), 2)
  assertPage(await bob.open(at), 'sessions')
})

test('a form that lay open for an hour, or through another login, leads back to its page', async () => {
  await site.logIn(site.browser(), at)
  const page = await site.logIn(browser, at)
  site.clock.advance(60 * 60)
  const again = await sendForm(browser, page, 'endOthers')
  assertTooOld(again, 'sessions')
  assert.equal(await count(), 2)
  browser.cookies.delete(sessionCookie)
  await site.logIn(browser, at)
  const back = await sendForm(browser, again, 'endOthers')
  assertTooOld(back, 'sessions')
  assert.equal(
    noticeOf(await sendForm(browser, back, 'endOthers')),
    'You are logged out everywhere else.',
  )
})

test('what was done is said by our own link alone, for a minute', async () => {
  await site.logIn(site.browser(), at)
  const page = await site.logIn(browser, at)
  const done = await sendForm(browser, page, 'endOthers')
  const { pathname, search } = done.url
  assert.ok(noticeOf(await browser.open(pathname + search)))
  const bob = site.browser()
  await site.logIn(bob, at, 'bob')
  for (const query of [search, '?done=othersEnded', '?done=constructor', '?done=']) {
    assert.equal(noticeOf(await bob.open(pathname + query)), undefined)
  }
  site.clock.advance(61)
  assert.equal(noticeOf(await browser.open(pathname + search)), undefined)
  assert.doesNotMatch(wordsOf(await browser.open(`${at}?step=constructor`)), /undefined/)
})
