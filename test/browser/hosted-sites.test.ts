// Logins by browser, and what other sites see of them and can do to them.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { goodPassword } from '../fixtures.ts'
import { launchChromium, type TestBrowser } from './chromium.ts'
import { type ClientSite, requestFor, startClientSite } from './client-site.ts'
import { type HostedSite, openHostedSite, testClients } from './hosted-site.ts'
import { heading, logIn, openPage } from './page-steps.ts'

let browser: TestBrowser
let client: ClientSite
let site: HostedSite
let callback: string
/** Of the requests that were made before the test. */
let earlier: { readonly site: number; readonly client: number; readonly arrivals: number }

before(async () => {
  browser = await launchChromium()
  client = await startClientSite()
  site = await openHostedSite(testClients(client.origin))
  callback = `${client.origin}/callback`
})
after(async () => {
  await browser?.close()
  await site?.close()
  await client?.close()
})
beforeEach(() => {
  earlier = {
    ...{ site: site.seen.length, client: client.seen.length },
    arrivals: client.arrivals.length,
  }
})

const toWeb = (others?: Readonly<Record<string, string>>): string =>
  site.authorize(requestFor('web', callback, others))

const quoted = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

test('a POST from another site, with a session there, ends in a code (OP-22)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await heading(page, 'Arrived')
  const fields = [...requestFor('web', callback, { state: 'by a form' })].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${quoted(value)}">`,
  )
  client.page(
    '/start',
    `<form method="post" action="${site.issuer}/auth/authorize">${fields.join('')}<button>Go</button></form>`,
  )
  await page.goto(`${client.origin}/start`)
  await page.getByRole('button', { name: 'Go' }).click()
  await heading(page, 'Arrived')
  const last = client.arrivals.at(-1)
  assert.equal(last?.get('state'), 'by a form')
  assert.ok(last?.get('code'))
  assert.deepEqual(complaints, [])
})

test('a login form of another site logs nobody in (OP-47)', async (t) => {
  const { page } = await openPage(browser, t)
  // The victim has looked at the form, and so has its cookie.
  await page.goto(toWeb())
  const csrf = await page.locator('input[name=csrf]').inputValue()
  client.page(
    '/trap',
    `<form method="post" action="${quoted(toWeb().replace('/authorize?', '/authorize/login?'))}">
    <input name="username" value="bob"><input name="password" value="${goodPassword}">
    <input name="csrf" value="${csrf}"><button>Win</button></form>`,
  )
  await page.goto(`${client.origin}/trap`)
  const answered = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.getByRole('button', { name: 'Win' }).click()
  assert.equal((await answered).status(), 403)
  const cookies = await page.context().cookies()
  assert.deepEqual(
    cookies.filter(({ name }) => name.includes('session')),
    [],
  )
  await page.goto(toWeb())
  await heading(page, 'Log in')
  assert.equal(client.arrivals.length, earlier.arrivals)
})

test('no page can be framed by another site, and two headers say so (OP-48)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  const urls = [
    toWeb(),
    `${site.issuer}/auth/authorize?client_id=nobody`,
    `${site.issuer}/auth/logout`,
  ]
  for (const url of urls) {
    client.page('/frame', `<h1>Frame</h1><iframe src="${quoted(url)}"></iframe>`)
    const answered = page.waitForResponse(url)
    await page.goto(`${client.origin}/frame`)
    const headers = (await answered).headers()
    assert.equal(headers['x-frame-options'], 'DENY', url)
    assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/, url)
    const frame = page.frames().find((each) => each.parentFrame() !== null)
    assert.equal(await frame?.locator('h1').count(), 0, url)
  }
  assert.ok(complaints.length >= urls.length, complaints.join('\n'))
})

test('no other origin is told of a page, or asked for a part of one (OP-49)', async (t) => {
  const { page, requests } = await openPage(browser, t)
  await page.goto(site.authorize(requestFor('third', callback)))
  await logIn(page)
  await heading(page, 'Allow access?')
  client.page('/', '<h1>Home</h1>')
  const opened = page.waitForEvent('popup')
  await page.getByRole('link', { name: 'Website' }).click()
  const popup = await opened
  await heading(popup, 'Home')
  assert.equal(await popup.evaluate(() => `${document.referrer}${String(opener)}`), 'null')
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(site.issuer) && !url.startsWith('data:')),
    [],
  )
  await page.getByRole('button', { name: 'Allow' }).click()
  await heading(page, 'Arrived')
  const told = client.seen.slice(earlier.client)
  assert.ok(told.length >= 2)
  for (const { url, headers } of told) assert.equal(headers.referer, undefined, url)
})

test('a picture of a client is shown if this server has it, and not from elsewhere (OP-49)', async (t) => {
  const { page, requests, complaints } = await openPage(browser, t)
  const pictures = { here: `${site.issuer}/logos/app.png`, elsewhere: `${client.origin}/app.png` }
  for (const [id, logoUri] of Object.entries(pictures)) {
    const redirectUris = [callback]
    await site.auth.clients.register({ id, logoUri, redirectUris, confidential: false })
    await page.goto(site.authorize(requestFor(id, callback)))
    if (id === 'here') await logIn(page)
    await heading(page, 'Allow access?')
  }
  assert.ok(requests.includes(pictures.here))
  assert.ok(!requests.includes(pictures.elsewhere))
  assert.equal(await page.locator('main img').count(), 0)
  // This server has none, and the policy refuses nothing.
  assert.deepEqual(
    complaints.filter((text) => text.startsWith('policy')),
    [],
  )
})

test('our own form says that it comes from our origin, by the headers of its page (OP-50)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await heading(page, 'Arrived')
  const sent = site.seen.slice(earlier.site).filter(({ method }) => method === 'POST')
  assert.equal(sent.length, 1)
  for (const { headers } of sent) {
    assert.equal(headers.origin, site.issuer)
    assert.equal(headers['sec-fetch-site'], 'same-origin')
  }
})

test('a window that another origin opened reports the login to it (OP-52)', async (t) => {
  const { page } = await openPage(browser, t)
  client.page(
    '/opener',
    `<h1>Opener</h1><button onclick="window.open('${toWeb({ state: 'popup' })}', 'login', 'width=500,height=700')">Log in</button><output></output>
    <script>addEventListener('message', ({ data }) => { document.querySelector('output').textContent = data })</script>`,
  )
  await page.goto(`${client.origin}/opener`)
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Log in' }).click()
  const popup = await opened
  await logIn(popup)
  await page.locator('output', { hasText: 'state=popup' }).waitFor()
  assert.match((await page.locator('output').textContent()) ?? '', /code=/)
  assert.equal(await popup.evaluate(() => opener === null), false)
})

test('a link of another site finds the session that is there (OP-69)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await heading(page, 'Arrived')
  client.page('/link', `<a href="${quoted(toWeb({ state: 'by a link' }))}">Log in</a>`)
  await page.goto(`${client.origin}/link`)
  await page.getByRole('link', { name: 'Log in' }).click()
  await heading(page, 'Arrived')
  assert.equal(client.arrivals.at(-1)?.get('state'), 'by a link')
  assert.equal(client.arrivals.length, earlier.arrivals + 2)
})

test('a frame of another site is told that nobody is logged in, and shows no page of ours (OP-70)', async (t) => {
  const { page } = await openPage(browser, t)
  await page.goto(toWeb())
  await logIn(page)
  await heading(page, 'Arrived')
  const silent = toWeb({ prompt: 'none', state: 'in a frame' })
  client.page('/silent', `<h1>Silent</h1><iframe src="${quoted(silent)}"></iframe>`)
  await page.goto(`${client.origin}/silent`)
  await page.frameLocator('iframe').getByRole('heading', { name: 'Arrived' }).waitFor()
  const said = client.arrivals.at(-1)
  assert.deepEqual([said?.get('error'), said?.get('state')], ['login_required', 'in a frame'])
  // In the whole window the same request finds the session.
  await page.goto(silent)
  await heading(page, 'Arrived')
  assert.ok(client.arrivals.at(-1)?.get('code'))
})

test('two servers on loopback, on two ports, keep their sessions apart (OP-69)', async (t) => {
  const servers = await Promise.all(
    [0, 1].map(() => openHostedSite(testClients(client.origin), { tls: false })),
  )
  t.after(async () => {
    for (const server of servers) await server.close()
  })
  const { page } = await openPage(browser, t)
  const users = ['alice', 'bob']
  for (const [index, server] of servers.entries()) {
    await page.goto(server.authorize(requestFor('web', callback)))
    await logIn(page, users[index])
    await heading(page, 'Arrived')
  }
  for (const [index, server] of servers.entries()) {
    await page.goto(server.authorize(requestFor('web', callback)))
    await heading(page, 'Arrived')
    const code = client.arrivals.at(-1)?.get('code') ?? null
    const { sub } = await server.exchange('web', callback, code)
    const user = await server.auth.users.findByUsername(users[index] ?? '')
    assert.equal(sub, user?.id)
  }
})

test('form_post brings the answer to the client by a POST (OP-20)', async (t) => {
  const { page, complaints } = await openPage(browser, t)
  await page.goto(toWeb({ response_mode: 'form_post' }))
  await logIn(page)
  await heading(page, 'Arrived')
  assert.equal(client.seen.at(-1)?.method, 'POST')
  assert.ok(client.arrivals.at(-1)?.get('code'))
  assert.deepEqual(complaints, [])
})
