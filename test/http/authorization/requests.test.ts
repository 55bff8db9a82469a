// Authorization requests: who is answered where, and what is refused.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import type { Arrival } from './browser.ts'
import {
  assertAnswer,
  assertPage,
  callback,
  codeChallenge,
  type LoginSite,
  openLoginSite,
} from './login-site.ts'

let site: LoginSite
before(async () => {
  site = await openLoginSite()
})
after(() => site.close())

const ask = (
  clientId: string,
  parameters?: Readonly<Record<string, string | undefined>>,
): Promise<Arrival> => site.browser().open(site.authorize(clientId, parameters))

/** Asks without a page in between, so that a good request has `login_required`. */
const askSilently = (
  clientId: string,
  parameters: Readonly<Record<string, string | undefined>> = {},
): Promise<Arrival> => ask(clientId, { prompt: 'none', ...parameters })

/** A page that leads nowhere, and shows nothing of the request. */
function assertDeadEnd(arrival: Arrival, foreign: string): void {
  assertPage(arrival, 'error', 400)
  assert.equal(arrival.headers.get('location'), null)
  assert.equal(arrival.hops.length, 1)
  assert.ok(!arrival.html.includes(foreign), 'the page shows what it must not believe')
  assert.doesNotMatch(arrival.html, /<a |<form|http-equiv/)
}

describe('a request that nobody may be sent back with', () => {
  const foreign = 'https://evil.example'
  const cases: readonly (readonly [string, string, Record<string, string | undefined>])[] = [
    ['of an unknown client', 'nobody', { redirect_uri: foreign }],
    ['without a client', 'web', { client_id: undefined, redirect_uri: foreign }],
    ['with an empty client', 'web', { client_id: '', redirect_uri: foreign }],
    ['of the built-in client', 'first-party', { redirect_uri: foreign }],
    ['of the login pages themselves', 'portcullis:browser', { redirect_uri: foreign }],
    ['of a client without the grant', 'pager', { redirect_uri: foreign }],
    ['without a redirect URI', 'web', { redirect_uri: undefined, state: foreign }],
    ['with a redirect URI that is not registered', 'web', { redirect_uri: foreign }],
    ['with one of another client', 'web', { redirect_uri: 'https://third.example.com/cb?of=us' }],
    ['with a longer one', 'web', { redirect_uri: `${callback}/x`, state: foreign }],
    ['with more in its query', 'web', { redirect_uri: `${callback}?x=1`, state: foreign }],
    ['with another case', 'web', { redirect_uri: callback.toUpperCase(), state: foreign }],
    ['with another port', 'web', { redirect_uri: 'https://app.example.com:444/callback' }],
  ]
  for (const [name, clientId, parameters] of cases) {
    test(`${name} ends on a page without a way on (OP-01)`, async () => {
      assertDeadEnd(await ask(clientId, parameters), parameters.redirect_uri ?? foreign)
    })

    test(`${name} ends there with prompt=none and other mistakes too (OP-05)`, async () => {
      for (const more of [{ prompt: 'none' }, { response_type: 'token' }, { scope: '"' }]) {
        const arrival = await ask(clientId, { ...parameters, ...more })
        assertDeadEnd(arrival, parameters.redirect_uri ?? foreign)
      }
    })
  }

  test('guesses of client ids leave no row behind (OP-82)', async () => {
    const { store } = site.auth[internals]
    const before = (await site.auth.events.list()).length
    const heard: string[] = []
    const stop = site.auth.events.subscribe(({ type }) => heard.push(type))
    for (let guess = 0; guess < 50; guess++) assertPage(await ask(`app-${guess}`), 'error', 400)
    stop()
    assert.equal((await site.auth.events.list()).length, before)
    assert.deepEqual(new Set(heard), new Set(['authz_request_refused']))
    for (const { id } of await site.auth.users.list()) {
      assert.deepEqual(await store.sessions.listByUser(id, site.clock(), 0), [])
    }
  })
})

describe('a loopback redirect URI', () => {
  const silent = (redirect_uri: string): Promise<Arrival> => askSilently('native', { redirect_uri })

  for (const uri of ['http://127.0.0.1:5173/cb', 'http://[::1]:1024/cb', 'http://localhost/cb']) {
    test(`${uri} has an answer (OP-03)`, async () => {
      const { url } = await silent(uri)
      assert.ok(url.href.startsWith(`${new URL(uri).href}?error=login_required`), url.href)
    })
  }

  for (const uri of [
    ...['http://127.0.0.1:5173/cb2', 'http://127.0.0.1:5173/cb?x=1', 'http://127.1/cb'],
    ...['http://0.0.0.0/cb', 'http://127.0.0.1.evil.com/cb', 'https://127.0.0.1/cb'],
  ]) {
    test(`${uri} has none (OP-03)`, async () => {
      assertPage(await silent(uri), 'error', 400)
    })
  }
})

describe('a challenge', () => {
  const wrong: Readonly<Record<string, Record<string, string | undefined>>> = {
    'that is missing': { code_challenge: undefined },
    'that is missing with its method': {
      ...{ code_challenge: undefined, code_challenge_method: undefined },
    },
    'without a method': { code_challenge_method: undefined },
    'of the method plain': { code_challenge_method: 'plain' },
    'of 42 characters': { code_challenge: codeChallenge.slice(1) },
    'of 44 characters': { code_challenge: `${codeChallenge}A` },
    'with a sign that is not of base64url': { code_challenge: `${codeChallenge.slice(1)}+` },
  }
  for (const [name, parameters] of Object.entries(wrong)) {
    for (const clientId of ['web', 'strict']) {
      test(`${name} is invalid_request for ${clientId} (OP-06)`, async () => {
        assertAnswer(await askSilently(clientId, parameters), 'invalid_request')
      })
    }
  }

  test('may be left out by a client that is registered so, but not be wrong (OP-06)', async () => {
    const none = { code_challenge: undefined, code_challenge_method: undefined }
    assertAnswer(await askSilently('old', none), 'login_required')
    for (const parameters of [
      { code_challenge_method: 'plain' },
      { code_challenge: undefined },
      { code_challenge_method: undefined },
    ]) {
      assertAnswer(await askSilently('old', parameters), 'invalid_request')
    }
  })
})

describe('an answer', () => {
  test('names the issuer as the metadata and the ID token do (OP-15)', async () => {
    const metadata = await site.fetch('/.well-known/oauth-authorization-server')
    const { issuer } = (await metadata.json()) as { readonly issuer: string }
    const refused = await askSilently('web')
    assert.equal(refused.url.searchParams.get('iss'), issuer)
    const arrival = await site.logIn(site.browser(), site.authorize('web'))
    assert.equal(arrival.url.searchParams.get('iss'), issuer)
    assert.equal((await site.exchange('web', arrival)).id.iss, issuer)
  })

  const printable = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('')
  for (const [name, state] of Object.entries({
    'of 128 characters': 'x'.repeat(128),
    'of 1024 characters': 'y'.repeat(1024),
    'of every printable character': printable,
    'of other letters': 'ä€😀\t',
  })) {
    test(`has a state ${name} as it came, in success and in error (OP-16)`, async () => {
      const refused = await askSilently('web', { state })
      assert.equal(refused.url.searchParams.get('state'), state)
      const arrival = await site.logIn(site.browser(), site.authorize('web', { state }))
      assertAnswer(arrival, null)
      assert.equal(arrival.url.searchParams.get('state'), state)
    })
  }

  test('has no state that is too long or there twice (OP-16)', async () => {
    const long = await askSilently('web', { state: 'x'.repeat(1025) })
    assertAnswer(long, 'invalid_request')
    const twice = await site.browser().open(`${site.authorize('web', { prompt: 'none' })}&state=b`)
    assertAnswer(twice, 'invalid_request')
    for (const { url } of [long, twice]) assert.equal(url.searchParams.has('state'), false)
  })

  test('keeps the query of its redirect URI (OP-17)', async () => {
    const { url } = await askSilently('third')
    assert.ok(url.href.startsWith('https://third.example.com/cb?of=us&error=login_required&'))
  })

  test('is a 303, and no redirect follows a password (OP-18)', async () => {
    const { hops } = await site.logIn(site.browser(), site.authorize('web'))
    assert.deepEqual(
      hops.map(({ method, url, status }) => [method, url.pathname, status]),
      [
        ['POST', '/auth/authorize/login', 200],
        ['GET', '/auth/authorize', 303],
      ],
    )
    const refused = await askSilently('web')
    assert.equal(refused.status, 303)
    assert.equal(refused.headers.get('cache-control'), 'no-store')
  })
})

describe('what is not served', () => {
  for (const response_type of [
    'token',
    'id_token',
    'code token',
    'code id_token',
    'none',
    'CODE',
  ]) {
    test(`response_type=${response_type} is unsupported_response_type (OP-19)`, async () => {
      assertAnswer(await askSilently('web', { response_type }), 'unsupported_response_type')
    })
  }

  for (const response_mode of ['fragment', 'web_message', 'jwt', 'query.jwt']) {
    test(`response_mode=${response_mode} is invalid_request by query (OP-19)`, async () => {
      const arrival = await askSilently('web', { response_mode })
      assertAnswer(arrival, 'invalid_request')
      assert.equal(arrival.url.hash, '')
    })
  }

  test('a missing response_type is invalid_request (OP-19)', async () => {
    assertAnswer(await askSilently('web', { response_type: undefined }), 'invalid_request')
  })

  for (const [name, error] of [
    ['request', 'request_not_supported'],
    ['request_uri', 'request_uri_not_supported'],
    ['registration', 'registration_not_supported'],
  ] as const) {
    test(`${name} has its own error (OP-23)`, async () => {
      assertAnswer(await askSilently('web', { [name]: 'https://app.example.com/r' }), error)
    })
  }

  const mistakes: readonly (readonly [Record<string, string>, string])[] = [
    [{ scope: 'openid "' }, 'invalid_scope'],
    [{ scope: 'openid nothing:here' }, 'invalid_scope'],
    [{ nonce: 'n'.repeat(513) }, 'invalid_request'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ prompt: 'create' }, 'invalid_request'],
    [{ max_age: '-1' }, 'invalid_request'],
    [{ max_age: '1.5' }, 'invalid_request'],
    [{ max_age: 'soon' }, 'invalid_request'],
    [{ id_token_hint: 'x' }, 'invalid_request'],
  ]
  for (const [parameters, error] of mistakes) {
    test(`${JSON.stringify(parameters).slice(0, 60)} is ${error}`, async () => {
      const arrival = await ask('web', parameters)
      assertAnswer(arrival, error)
      const description = arrival.url.searchParams.get('error_description') ?? ''
      assert.match(description, /^[A-Z][\x20\x21\x23-\x5b\x5d-\x7e]+$/)
      for (const value of Object.values(parameters).filter((each) => each.length > 5)) {
        assert.ok(!description.includes(value), 'the description repeats the request')
      }
    })
  }
})

describe('parameters', () => {
  for (const name of ['scope', 'nonce', 'state', 'unknown', 'response_mode', 'code_challenge']) {
    test(`${name} twice is invalid_request, by GET and by POST (OP-21)`, async () => {
      const url = site.authorize('web', { prompt: 'none', [name]: 'x' })
      assertAnswer(await site.browser().open(`${url}&${name}=x`), 'invalid_request')
      const fields = Object.fromEntries(new URLSearchParams(url.split('?')[1]))
      const posted = await site.browser().post(`/auth/authorize?${name}=x`, fields)
      assertAnswer(posted, 'invalid_request')
    })
  }

  for (const name of ['client_id', 'redirect_uri']) {
    test(`${name} twice is a page, even where both are the same (OP-21)`, async () => {
      const url = site.authorize('web')
      const value = new URLSearchParams(url.split('?')[1]).get(name) ?? ''
      const more = `${name}=${encodeURIComponent(value)}`
      assertPage(await site.browser().open(`${url}&${more}`), 'error', 400)
      assertPage(await site.browser().open(`${url}&${name}=`), 'error', 400)
    })
  }

  test('of the longest request lead through the login, and what our form could not carry is refused at once', async () => {
    const bare = site.authorize('web', { x: 'x' })
    const room =
      8 * 1024 - Buffer.byteLength(bare.slice(bare.indexOf('?') + 1).replaceAll('+', '%20'))
    const longest = `${bare}${'x'.repeat(room)}`
    assertAnswer(await site.logIn(site.browser(), longest), null)
    assertPage(await site.browser().open(`${longest}x`), 'error', 400)
    // A slash in a query is three characters when it is encoded.
    assertPage(await site.browser().open(`${bare}${'/'.repeat(room / 2)}`), 'error', 400)
  })

  test('more than 8 KiB of them are a page, and so are bytes that are no text', async () => {
    const long = site.authorize('web', { x: 'x'.repeat(8 * 1024) })
    assertPage(await site.browser().open(long), 'error', 400)
    assertPage(await site.browser().open(`${site.authorize('web')}&x=%ff`), 'error', 400)
    assertPage(await site.browser().open(`${site.authorize('web')}&x=%`), 'error', 400)
  })

  test('that are unknown, and any order of them and of scopes, have no effect (OP-24)', async () => {
    const [path = '', query = ''] = site
      .authorize('web', { scope: 'items:read openid', extra: 'foo', claims_locales: 'se' })
      .split('?')
    const turned = query.split('&').reverse().join('&')
    const arrival = await site.logIn(site.browser(), `${path}?${turned}`)
    assertAnswer(arrival, null)
    const { scope } = await site.exchange('web', arrival)
    assert.deepEqual(scope.split(' ').sort(), ['items:read', 'openid'])
  })

  test('sent by POST from another site are asked for by GET (OP-22)', async () => {
    const browser = site.browser()
    await site.logIn(browser, site.authorize('web'))
    const [path = '', query] = site.authorize('web').split('?')
    const arrival = await browser.post(path, Object.fromEntries(new URLSearchParams(query)))
    assertAnswer(arrival, null)
    assert.deepEqual(
      arrival.hops.map(({ method, status }) => [method, status]),
      [
        ['POST', 303],
        ['GET', 303],
      ],
    )
  })

  test('sent by POST as anything but a form are a page', async () => {
    const headers = { 'content-type': 'application/json' }
    assertPage(await site.browser().post('/auth/authorize', { a: 'b' }, headers), 'error', 400)
  })
})

describe('response_mode=form_post', () => {
  test('is a page with the fields, one script by its hash and a button (OP-20)', async () => {
    const state = '"><script>alert(1)</script>'
    const url = site.authorize('web', { response_mode: 'form_post', state })
    const page = await site.logIn(site.browser(), url)
    assertPage(page, 'form-post')
    const [form] = page.forms
    assert.equal(form?.action, callback)
    assert.deepEqual(Object.keys(form?.fields ?? {}).sort(), ['code', 'iss', 'state'])
    assert.equal(form?.fields.state, state)
    assert.ok(!page.html.includes('<script>alert'))
    assert.equal([...page.html.matchAll(/<script/g)].length, 1)
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /script-src 'sha256-[\w+/=]+'/)
    assert.doesNotMatch(policy, /unsafe-inline/)
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.html, /<button/)
  })

  test('has errors too (OP-20)', async () => {
    const page = await askSilently('web', { response_mode: 'form_post' })
    assertPage(page, 'form-post')
    assert.equal(page.forms[0]?.fields.error, 'login_required')
    assert.equal(page.forms[0]?.fields.state, 'of this')
  })
})

test('what a proxy or a client calls the host changes no URL, cookie or form (OP-83)', async () => {
  const headers = {
    ...{ host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    ...{ 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' },
  }
  const browser = site.browser()
  const plain = await site.browser().open(site.authorize('web'))
  const page = await browser.open(site.authorize('web'), headers)
  assert.equal(page.forms[0]?.action, plain.forms[0]?.action)
  assert.ok(!page.html.includes('evil.example'))
  assert.deepEqual([...browser.cookies.keys()], ['__Host-portcullis_form'])
  for (const url of [site.authorize('web', { prompt: 'none' }), '/auth/logout']) {
    const answer = await site.fetch(url, { headers })
    assert.ok(!JSON.stringify([...answer.headers]).includes('evil.example'))
    assert.ok(!(await answer.text()).includes('evil.example'))
  }
})
