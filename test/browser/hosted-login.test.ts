// Logins by browser as people make them: two tabs, the way back, a second click, an old form.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, requestFor, startClientSite } from './client-site.ts'
import { type HostedSite, nativeCallback, openHostedSite, testClients } from './hosted-site.ts'
import { fillIn, heading, logIn, openPage, press } from './page-steps.ts'

let browser: TestBrowser
let client: ClientSite
let site: HostedSite
/** Where the clients are called back. */
let callback: string

before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

beforeEach(async () => {
  client = await startClientSite()
  site = await openHostedSite(testClients(client.origin))
  callback = `${client.origin}/callback`
})
afterEach(async () => {
  await site?.close()
  await client?.close()
})

const toWeb = (others?: Readonly<Record<string, string>>): string =>
  site.authorize(requestFor('web', callback, others))

const hasArrived = (page: Page): Promise<void> => heading(page, 'Arrived')

/** The sessions of browsers that somebody has. */
async function browserSessions(username = 'alice'): Promise<number> {
  const user = await site.auth.users.findByUsername(username)
  const sessions = await site.auth.sessions.list(user?.id ?? '')
  return sessions.filter(({ clientId }) => clientId === 'portcullis:browser').length
}

test('a login leads to a client of another origin, with tokens of who has logged in (OP-51)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await hasArrived(page)
  assert.equal(new URL(page.url()).origin, client.origin)
  const [arrival] = client.arrivals
  assert.equal(arrival?.get('state'), 'state of web')
  assert.equal(arrival?.get('iss'), site.issuer)
  const { sub } = await site.exchange('web', callback, arrival?.get('code') ?? null)
  assert.equal(sub, (await site.auth.users.findByUsername('alice'))?.id)
  assert.deepEqual(complaints, [])
})

test('a login leads to a client that redirects further, to another origin (OP-51)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(site.authorize(requestFor('web', `${client.origin}/further`)))
  await logIn(page)
  await hasArrived(page)
  assert.notEqual(new URL(page.url()).origin, client.origin)
  assert.equal(client.arrivals.length, 1)
  assert.deepEqual(complaints, [])
})

test('consent leads to the client as well, and so does its refusal (OP-51)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(site.authorize(requestFor('third', callback)))
  await logIn(page)
  await heading(page, 'Allow access?')
  assert.match((await page.locator('main').textContent()) ?? '', /Somebody’s App asks for access/)
  await press(page, 'Deny')
  await hasArrived(page)
  assert.equal(client.arrivals[0]?.get('error'), 'access_denied')

  await page.goto(site.authorize(requestFor('third', `${client.origin}/further`)))
  await press(page, 'Allow')
  await hasArrived(page)
  assert.ok(client.arrivals[1]?.get('code'))
  assert.deepEqual(complaints, [])
})

test('a login leads to a program by its scheme, and stays with a link if nothing opens (OP-51, OP-96)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  const locations: string[] = []
  page.on('response', (response) => {
    const { location } = response.headers()
    if (location?.startsWith('com.example.tool:')) locations.push(location)
  })
  await page.goto(site.authorize(requestFor('native', nativeCallback)))
  await logIn(page)
  await heading(page, 'Continue?')
  const first = page.waitForResponse((response) => response.status() === 303)
  await press(page, 'Continue as alice')
  await first
  // Nothing on this machine knows the scheme.
  await heading(page, 'One moment')
  const second = page.waitForResponse((response) => response.status() === 303)
  await page.getByRole('link', { name: 'Continue', exact: true }).click()
  await second
  assert.equal(locations.length, 2)
  for (const location of locations) {
    assert.match(location, /^com\.example\.tool:\/callback\?.*code=/)
  }
  await heading(page, 'One moment')
  assert.deepEqual(
    complaints.filter((text) => !text.includes('com.example.tool:')),
    [],
  )
})

test('two tabs with two clients: each arrives at its own (OP-56)', async (t) => {
  const { page: one } = await openPage(browser, t)
  const two = await one.context().newPage()
  await one.goto(toWeb())
  await two.goto(site.authorize(requestFor('other', `${callback}?of=other`)))
  await heading(two, 'Log in')
  await logIn(one)
  await hasArrived(one)
  await logIn(two)
  await hasArrived(two)
  assert.deepEqual(
    client.arrivals.map((arrival) => [arrival.get('of'), arrival.get('state')]),
    [
      [null, 'state of web'],
      ['other', 'state of other'],
    ],
  )
})

test('a form that was open during the login in another tab arrives, reloaded or sent (OP-57)', async (t) => {
  const { page: one } = await openPage(browser, t)
  const [two, three] = [await one.context().newPage(), await one.context().newPage()]
  for (const page of [one, two, three]) await page.goto(toWeb())
  await logIn(one)
  await hasArrived(one)
  await logIn(two)
  await hasArrived(two)
  await three.reload()
  await hasArrived(three)
  assert.equal(new Set(client.arrivals.map((arrival) => arrival.get('code'))).size, 3)
})

test('a form of yesterday, of a server before, is shown once more with the username (OP-58)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  await fillIn(page)
  site.clock.advance(24 * 60 * 60)
  await site.auth.managedKeys?.rotate({ atOnce: true })
  await site.restart()
  await page.context().clearCookies()
  await press(page, 'Log in')
  await page.getByRole('alert').waitFor()
  assert.equal(await browserSessions(), 0)
  assert.equal(await page.getByLabel('Username').inputValue(), 'alice')
  assert.equal(await page.getByLabel('Password').inputValue(), '')
  await page.getByLabel('Password').fill(goodPassword)
  await press(page, 'Log in')
  await hasArrived(page)
})

test('back from the client leads on with another code, through the form where it is asked for (OP-59)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await hasArrived(page)
  await page.goBack()
  await hasArrived(page)

  await page.goto(toWeb({ prompt: 'login' }))
  await logIn(page)
  await hasArrived(page)
  await page.goBack()
  await heading(page, 'Log in')
  await logIn(page)
  await hasArrived(page)
  const codes = client.arrivals.map((arrival) => arrival.get('code'))
  assert.equal(codes.length, 4)
  assert.equal(new Set(codes).size, 4)
})

test('a double click on "Log in" and on "Allow" is one login and arrives (OP-60)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(site.authorize(requestFor('third', callback)))
  await fillIn(page)
  await page.getByRole('button', { name: 'Log in' }).dblclick()
  await heading(page, 'Allow access?')
  assert.equal(await browserSessions(), 1)
  await page.getByRole('button', { name: 'Allow' }).dblclick()
  await hasArrived(page)
  const last = client.arrivals.at(-1)
  await site.exchange('third', callback, last?.get('code') ?? null)
})

test('without cookies a page says so, and nothing goes round in circles (OP-61)', async (t) => {
  const { page, requests } = await openPage(browser, t)
  await page.context().route('**', async (route) => {
    await page.context().clearCookies()
    await route.continue()
  })
  await page.goto(toWeb())
  await logIn(page)
  const says = page.getByRole('heading', { name: 'Cookies are off', exact: true })
  const form = page.getByRole('alert')
  await says.or(form).waitFor()
  // It was shown once more, in case that the cookie was only too old.
  if (await form.isVisible()) await logIn(page)
  await says.waitFor()
  assert.equal(await browserSessions(), 0)
  assert.ok(requests.length <= 4, requests.join('\n'))
})
