// The page on which users make and end API keys.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { internals } from '../../../../src/core/internals.ts'
import { type Arrival, type TestBrowser, wordsOf } from '../browser.ts'
import { assertPage, issuer, type LoginSite } from '../login-site.ts'
import {
  alice,
  assertTooOld,
  formAt,
  noticeOf,
  openOwnSite,
  secretsOf,
  sendForm,
  summaryOf,
  userOf,
} from './own-site.ts'

const at = '/account/keys'
const making = `${at}?step=new`
const own = { 'sec-fetch-site': 'same-origin', origin: issuer }
const reading = { name: 'backup', days: '30', 'scope items:read': 'on' }

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openOwnSite()
  browser = site.browser()
})
afterEach(() => site.close())

const keys = async (name = 'alice') =>
  (await site.auth.apiKeys?.list((await userOf(site, name)).id)) ?? []

/** Makes a key where alice has logged in recently. */
async function make(typed: Readonly<Record<string, string>> = reading): Promise<Arrival> {
  return await sendForm(browser, await browser.open(making), 'make', typed)
}

test('a key is made, shown once, works, is listed with its last use, and ends (AC-84)', async () => {
  const list = await site.logIn(browser, at)
  assertPage(list, 'keys')
  assert.match(wordsOf(list), /You have no keys\./)
  const form = await browser.open(making)
  assertPage(form, 'new-key')
  const made = await sendForm(browser, form, 'make', reading)
  assertPage(made, 'made-key')
  assert.equal(made.headers.get('cache-control'), 'no-store')
  const [key = ''] = secretsOf(made)
  assert.match(key, /^pcat_[0-9A-Za-z]{36}$/)
  const [record] = await keys()
  assert.deepEqual([record?.name, record?.scopes], ['backup', ['items:read']])
  assert.equal((record?.expiresAt ?? 0) - (record?.createdAt ?? 0), 30 * 86_400)
  // The page is loaded again: nothing is made, and nothing shown.
  const again = await sendForm(browser, form, 'make', reading)
  assertPage(again, 'new-key')
  assert.match(noticeOf(again) ?? '', /^The form was sent before/)
  assert.equal((await keys()).length, 1)
  const headers = { authorization: `Bearer ${key}` }
  const used = await site.auth[internals].apiKeys?.verify(key)
  assert.deepEqual(used?.scopes, ['items:read'])
  await site.auth[internals].apiKeys?.settle()
  const after = await browser.open(at)
  assert.match(
    wordsOf(after),
    /backup Made on .* Expires on .* Last used about .* UTC\. ?Read your items End key/,
  )
  for (const page of [again, after]) assert.equal(page.html.includes(key), false)
  const ended = await sendForm(browser, after, 'end')
  assert.equal(noticeOf(ended), 'The key is ended. It is refused from now on.')
  assert.deepEqual(await keys(), [])
  assert.equal((await site.fetch('/me/grants', { headers })).status, 401)
})

test('a key does what its maker may, and nothing else (AC-114)', async () => {
  await site.logIn(browser, at)
  const form = await browser.open(making)
  assert.match(form.html, /name="scope items:read"/)
  assert.match(form.html, /name="scope items:write"/)
  assert.doesNotMatch(form.html, /name="scope \*"/)
  for (const scope of ['*', 'users:write', 'constructor']) {
    const refused = await sendForm(browser, form, 'make', { ...reading, [`scope ${scope}`]: 'on' })
    assertPage(refused, 'new-key', 422)
    assert.match(summaryOf(refused) ?? '', /only permissions that you have/)
    assert.match(refused.html, /name="scope items:read" checked/)
    assert.match(refused.html, /<option value="30" selected>/)
    assert.match(refused.html, /value="backup"/)
  }
  for (const days of ['0', '-1', '1e9', 'x', '367']) {
    assertPage(await sendForm(browser, form, 'make', { ...reading, days }), 'new-key', 422)
  }
  assertPage(await sendForm(browser, form, 'make', { days: '1' }), 'new-key', 422)
  const bare = await sendForm(browser, form, 'make', { name: 'who', days: '1' })
  assertPage(bare, 'made-key')
  assert.deepEqual((await keys())[0]?.scopes, [])
  // A key is no session, and opens no page.
  const [key = ''] = secretsOf(bare)
  const stranger = await site.browser().open(making, { authorization: `Bearer ${key}` })
  assertPage(stranger, 'login')
})

test('to make one needs a login of the last five minutes, to see and end them does not (AC-84)', async () => {
  await site.logIn(browser, at)
  await make()
  const [form, list] = [await browser.open(making), await browser.open(at)]
  site.clock.advance(301)
  assertPage(await browser.open(making), 'login')
  const login = await sendForm(browser, form, 'make', reading)
  assertPage(login, 'login')
  assertPage(await browser.open(at), 'keys')
  assertPage(await browser.send(login, alice), 'new-key')
  assert.equal((await keys()).length, 1)
  site.clock.advance(301)
  assertPage(await sendForm(browser, list, 'end'), 'keys')
  assert.deepEqual(await keys(), [])
})

test('what was typed of a new key is there after the login that it needed, in its own session', async () => {
  await site.logIn(browser, at)
  const form = await browser.open(making)
  site.clock.advance(301)
  const login = await sendForm(browser, form, 'make', reading)
  assertPage(login, 'login')
  const back = await browser.send(login, alice)
  assertPage(back, 'new-key')
  assert.equal(back.forms[0]?.fields.name, 'backup')
  assert.match(back.html, /name="scope items:read"[^>]* checked/)
  assert.match(back.html, /value="30"[^>]* (checked|selected)/)
  const { pathname, search } = back.url
  for (const [name, query] of [
    ['bob', search],
    ['alice', '?step=new&typed=x.y'],
  ] as const) {
    const other = site.browser()
    await site.logIn(other, at, name)
    const empty = await other.open(pathname + query)
    assertPage(empty, 'new-key')
    assert.equal(empty.forms[0]?.fields.name, '')
  }
  site.clock.advance(600)
  const late = await browser.send(await browser.open(pathname + search), alice)
  assert.equal(late.forms[0]?.fields.name, '')
})

test('what was typed is kept in any script if a proof can hold it, and else has no part in the address', async () => {
  await site.logIn(browser, at)
  for (const [name, isKept] of [
    ['𠮷'.repeat(100), true],
    ['"'.repeat(100), true],
    ['漢'.repeat(400), true],
    ['x'.repeat(1200), true],
    ['漢'.repeat(500), false],
    ['"'.repeat(450), false],
  ] as const) {
    const form = await browser.open(making)
    site.clock.advance(301)
    const login = await sendForm(browser, form, 'make', { ...reading, name })
    assertPage(login, 'login')
    assert.equal(login.url.searchParams.has('typed'), isKept)
    const back = await browser.send(login, alice)
    assertPage(back, 'new-key')
    assert.equal(back.forms[0]?.fields.name, isKept ? name : '')
  }
})

test('nobody ends a key of somebody else, and no other site makes or ends one', async () => {
  await site.logIn(browser, at)
  await make()
  const bob = site.browser()
  await site.logIn(bob, at, 'bob')
  const [list, form] = [await browser.open(at), await browser.open(making)]
  const end = list.forms[formAt(list, 'end')]?.fields ?? assert.fail()
  assertTooOld(await bob.post(at, end, own), 'keys')
  assertPage(await browser.post(at, end), 'error', 403)
  assertTooOld(await browser.post(at, { ...end, key: 'another' }, own), 'keys')
  const fields = { ...form.forms[0]?.fields, ...reading }
  assertPage(await browser.post(at, fields), 'error', 403)
  assertTooOld(await bob.post(at, fields, own), 'new-key')
  assertTooOld(await browser.post(at, { ...fields, state: '' }, own), 'new-key')
  assert.equal((await keys()).length, 1)
  // Two tabs: what one has ended has ended in the other.
  await sendForm(browser, list, 'end')
  assertPage(await sendForm(browser, list, 'end'), 'keys')
})

test('twenty submissions of one form make one key', async () => {
  await site.logIn(browser, at)
  const form = await browser.open(making)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => sendForm(browser, form, 'make', reading)),
  )
  const shown = new Set(answers.flatMap(secretsOf))
  assert.deepEqual([shown.size, (await keys()).length], [1, 1])
})

test('an administrator may give everything, and a role that may nothing has nothing to choose', async () => {
  const { id } = await userOf(site, 'bob')
  await site.close()
  site = await openOwnSite({ factors: undefined as never })
  assert.notEqual(id, '')
  browser = site.browser()
  await site.auth.users.changeRole((await userOf(site)).id, 'admin')
  await site.logIn(browser, at)
  const form = await browser.open(making)
  assert.match(form.html, /name="scope \*">Everything that you may do</)
  await make({ name: 'all', days: '7', 'scope *': 'on' })
  assert.match(wordsOf(await browser.open(at)), /Everything that you may do/)
  await site.auth.users.changeRole((await userOf(site, 'bob')).id, 'guest')
  const bob = site.browser()
  await site.logIn(bob, at, 'bob')
  assert.match(wordsOf(await bob.open(making)), /Your role allows nothing/)
})

test('the lifetimes are those that the options allow', async () => {
  await site.close()
  const day = 86_400
  site = await openOwnSite({ apiKeys: { maxLifetime: 45 * day, defaultLifetime: 10 * day } })
  browser = site.browser()
  await site.logIn(browser, at)
  const { html } = await browser.open(making)
  const options = [...html.matchAll(/<option value="(\d+)"( selected)?>/g)]
  assert.deepEqual(
    options.map(([, days, selected]) => `${days}${selected ?? ''}`),
    ['1', '7', '10 selected', '30', '45'],
  )
})
