// The option `hostedLogin`, and an application's own login page.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import { type HostedLoginOptions, hostedLogin } from '../../src/hosted-login/hosted-login.ts'
import { type HostedPages, hostedPages } from '../../src/hosted-login/hosted-pages.ts'
import { optional } from '../../src/http/guards/combinators.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { openBrowser, type TestBrowser } from '../http/authorization/browser.ts'
import {
  assertAnswer,
  assertPage,
  issuer,
  type LoginSite,
  openLoginSite,
} from '../http/authorization/login-site.ts'

describe('the options', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ idTokenLifetime: 59 }, /idTokenLifetime/],
    [{ idTokenLifetime: 3601 }, /idTokenLifetime/],
    [{ staySignedIn: 0 }, /staySignedIn/],
    [{ staySignedIn: 34560001 }, /staySignedIn/],
    [{ staySignedIn: 'yes' }, /staySignedIn/],
    [{ staySigned: 1 }, /Did you mean staySignedIn/],
    [{ pages: { login: 'x' } }, /pages\.login/],
    [{ pages: { login: { redirectTo: 'https://evil.example' } } }, /pages\.login/],
    [{ pages: { login: { redirectTo: '//evil.example' } } }, /pages\.login/],
    [{ pages: { login: { redirectTo: '/a', to: '/b' } } }, /pages\.login/],
    [{ pages: { logout: {} } }, /pages/],
    [{ backchannel: { allowHosts: ['::1'] } }, /allowHosts.*\[::1\]/],
    [{ backchannel: { allowHosts: ['App.internal'] } }, /allowHosts/],
    [{ backchannel: { allowHosts: [7] } }, /allowHosts/],
  ]
  for (const [options, says] of wrong) {
    test(`${JSON.stringify(options)} are refused`, () => {
      assert.throws(
        () => hostedLogin(options as HostedLoginOptions),
        (error: unknown) => {
          assert.ok(error instanceof ConfigError)
          assert.match(error.message, says)
          return true
        },
      )
    })
  }

  test('have all their problems told at once', () => {
    const options = { idTokenLifetime: 1, staySignedIn: -1, more: true } as HostedLoginOptions
    assert.throws(
      () => hostedLogin(options),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.problems.length, 3)
        return true
      },
    )
  })

  test('need an issuer that browsers can open', async () => {
    for (const issuer of ['my-service', 'urn:example:auth']) {
      await assert.rejects(
        createTestAuth({ issuer, hostedLogin: hostedLogin() }),
        (error: unknown) => {
          assert.ok(error instanceof ConfigError)
          assert.match(error.message, /issuer/)
          return true
        },
      )
    }
  })

  test('are needed for pages of one’s own', async () => {
    const auth = await createTestAuth()
    assert.throws(() => hostedPages(auth), TypeError)
    await auth.close()
  })
})

let site: LoginSite
afterEach(async () => {
  // Tests of the options open none.
  await (site as LoginSite | undefined)?.close()
})

describe('a login page as a function', () => {
  test('gets what it needs, and what it sends is checked as ours is', async () => {
    site = await openLoginSite({
      hosted: {
        pages: {
          login: ({ action, hidden, username, problem, client }) =>
            `<body data-page="own"><h1>${client?.name}</h1><p>${problem}</p>
<form action="${action.replaceAll('&', '&#38;')}" method="post"><input name="csrf" value="${hidden.csrf}">
<input name="username" value="${username}"></form>`,
        },
      },
    })
    const browser = site.browser()
    const page = await browser.open(site.authorize('web'))
    assertPage(page, 'own')
    assert.equal(page.title, 'Example App')
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /script-src/)
    const wrong = await browser.send(page, { username: 'alice', password: 'wrong' })
    assertPage(wrong, 'own', 400)
    assert.match(wrong.html, /incorrect/)
    const foreign = { 'sec-fetch-site': 'cross-site' }
    const good = { username: 'alice', password: goodPassword }
    assertPage(await browser.send(page, good, { headers: foreign }), 'own', 403)
    assertAnswer(await browser.send(page, good), null)
  })

  test('may say its own policy', async () => {
    const contentSecurityPolicy = "default-src 'self'"
    const login = () => ({ html: '<body data-page="own">', contentSecurityPolicy })
    site = await openLoginSite({ hosted: { pages: { login } } })
    const page = await site.browser().open(site.authorize('web'))
    assert.equal(page.headers.get('content-security-policy'), contentSecurityPolicy)
    assert.equal(page.headers.get('x-frame-options'), 'DENY')
  })
})

/** A site whose login page is its own, at `/sign-in`, and a page for users, at `/me`. */
async function openOwnSite(amr?: readonly string[]): Promise<{
  readonly browser: TestBrowser
  readonly hosted: HostedPages
}> {
  site = await openLoginSite({ hosted: { pages: { login: { redirectTo: '/sign-in' } } } })
  const hosted = hostedPages(site.auth)
  const browser = openBrowser(issuer, async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/sign-in') return await site.answering(request)
    if (request.method === 'GET') {
      return new Response('<body data-page="sign-in"><form action="" method="post"></form>', {
        headers: { 'content-type': 'text/html' },
      })
    }
    const fields = new URLSearchParams(await request.clone().text())
    const username = fields.get('username') ?? ''
    const user = await site.auth.users.findByUsername(username)
    if (user === null) return new Response('', { status: 400 })
    try {
      const options = { ...(amr && { amr, acr: 'phr' }) }
      const { status, headers, cookies, body } = await hosted.complete(request, user, options)
      const response = new Response(body, { status, headers })
      for (const cookie of cookies) response.headers.append('set-cookie', cookie)
      return response
    } catch (error) {
      return new Response('', { status: (error as { readonly statusCode: number }).statusCode })
    }
  })
  return { browser, hosted }
}

/** The form is sent to the address of its page, with its query. */
const here = (page: Awaited<ReturnType<TestBrowser['open']>>): typeof page => ({
  ...page,
  forms: [{ action: page.url.href, fields: {}, buttons: [] }],
})

describe('a login page of the application', () => {
  test('goes on with the request, in a session that says how somebody has logged in', async () => {
    const { browser } = await openOwnSite(['hwk', 'user'])
    const page = await browser.open(site.authorize('web', { prompt: 'login', max_age: '0' }))
    assertPage(page, 'sign-in')
    assert.match(page.url.searchParams.get('continue') ?? '', /^\/auth\/authorize\?/)
    const arrival = await browser.send(here(page), { username: 'alice' })
    assertAnswer(arrival, null)
    const { id } = await site.exchange('web', arrival)
    assert.deepEqual([id.amr, id.acr], [['hwk', 'user'], 'phr'])
  })

  test('logs nobody in by a form of another site', async () => {
    const { browser } = await openOwnSite()
    const page = await browser.open(site.authorize('web'))
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': undefined, origin: 'https://evil.example' },
      { 'sec-fetch-site': undefined, origin: undefined },
    ]) {
      const answer = await browser.send(here(page), { username: 'alice' }, { headers })
      assert.equal(answer.status, 403)
    }
    assert.equal(browser.cookies.has('__Host-portcullis_session'), false)
  })

  test('leads nowhere but to this server', async () => {
    const { browser } = await openOwnSite()
    for (const to of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:x',
      '',
    ]) {
      const page = await browser.open(`/sign-in?${new URLSearchParams({ continue: to })}`)
      const arrival = await browser.send(here(page), { username: 'alice' })
      assert.equal(arrival.url.href, `${issuer}/`)
    }
    const page = await browser.open('/sign-in?continue=%2Fdashboard%3Fa%3Db')
    const arrival = await browser.send(here(page), { username: 'alice' })
    assert.equal(arrival.url.href, `${issuer}/dashboard?a=b`)
  })

  test('opens nothing for a user who is inactive, suspended or gone, or by GET', async () => {
    const { browser, hosted } = await openOwnSite()
    const page = await browser.open(site.authorize('web'))
    const alice = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
    const request = (method: string): Request =>
      new Request(`${issuer}/sign-in`, { method, headers: { 'sec-fetch-site': 'same-origin' } })
    await assert.rejects(hosted.complete(request('GET'), alice), { statusCode: 405 })
    await site.auth.users.suspend(alice.id, site.clock() + 60)
    assert.equal((await browser.send(here(page), { username: 'alice' })).status, 403)
    await site.auth.users.deactivate(alice.id)
    assert.equal((await browser.send(here(page), { username: 'alice' })).status, 403)
    await site.auth.users.remove(alice.id)
    await assert.rejects(hosted.complete(request('POST'), alice), { statusCode: 403 })
  })
})

describe('currentUser', () => {
  test('is the user of the browser session, and 401 without one', async () => {
    const { browser, hosted } = await openOwnSite()
    const ask = (method: string, headers: Record<string, string> = {}) =>
      new Request(`${issuer}/me`, {
        method,
        headers: {
          cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...headers,
        },
      })
    await assert.rejects(hosted.currentUser(ask('GET')), { statusCode: 401 })
    assert.equal(await optional(hosted.currentUser)(ask('GET')), null)
    await browser.send(here(await browser.open(site.authorize('web'))), { username: 'alice' })
    const user = await hosted.currentUser(ask('GET'))
    assert.equal(user.username, 'alice')
    assert.ok(!('passwordHash' in user) && !('securityStamp' in user))
    assert.equal((await hosted.currentUser(ask('HEAD'))).username, 'alice')
    await site.auth.users.endSessions(user.id)
    await assert.rejects(hosted.currentUser(ask('GET')), { statusCode: 401 })
  })

  test('refuses what changes something, unless a page of this origin sends it', async () => {
    const { browser, hosted } = await openOwnSite()
    await browser.send(here(await browser.open(site.authorize('web'))), { username: 'alice' })
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const ask = (method: string | undefined, headers: Record<string, string>): Promise<unknown> =>
      hosted.currentUser({ method, headers: { cookie, ...headers } } as unknown as Request)
    const own = [{ 'sec-fetch-site': 'same-origin' }, { origin: issuer }]
    const foreign = [
      ...[{}, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': 'same-site' }],
      ...[{ 'sec-fetch-site': 'cross-site', origin: issuer }, { origin: 'null' }],
      { origin: 'https://evil.example' },
    ]
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'get', undefined]) {
      for (const headers of own) await ask(method, headers)
      for (const headers of foreign) {
        await assert.rejects(ask(method, headers), { statusCode: 403 }, `${method}`)
      }
    }
  })
})
