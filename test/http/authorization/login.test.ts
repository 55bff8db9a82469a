// The login form: who may send it, what it says, which session and which cookie come of it.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { createHashPool } from '../../../src/core/passwords/hash-pool.ts'
import { assertAbsent } from '../../canaries.ts'
import { cheapHashing, createCountingPool, goodPassword } from '../../fixtures.ts'
import type { Arrival, Sending, TestBrowser } from './browser.ts'
import { wordsOf } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'

const sessionCookie = '__Host-portcullis_session'
const formCookie = '__Host-portcullis_form'
const pool = createCountingPool()
const alice = { username: 'alice', password: goodPassword }
const bob = { username: 'bob', password: goodPassword }

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openLoginSite({ auth: { passwordHash: { ...cheapHashing, pool } } })
  browser = site.browser()
})
afterEach(() => site.close())

async function sessionsOf(username: string): Promise<number> {
  const user = await site.auth.users.findByUsername(username)
  const sessions = await site.auth.sessions.list(user?.id ?? '')
  return sessions.filter(({ kind }) => kind === 'browser').length
}

/** The form again, with the name and without the password, and nobody has looked at the password. */
function assertShownAgain(arrival: Arrival, hashes: number): void {
  assertPage(arrival, 'login', 403)
  assert.equal(arrival.forms[0]?.fields.username, 'alice')
  assert.ok(!arrival.html.includes(goodPassword))
  assert.equal(pool.hashes, hashes)
  assert.equal(browser.cookies.has(sessionCookie), false)
}

describe('a form that is not ours', () => {
  const sendings: Readonly<Record<string, Sending['headers']>> = {
    'from another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    'from the same site': { 'sec-fetch-site': 'same-site' },
    'from an old browser on another site': {
      ...{ 'sec-fetch-site': undefined, origin: 'https://evil.example' },
    },
    'from an old browser without an origin': { 'sec-fetch-site': undefined, origin: 'null' },
  }
  for (const [name, headers] of Object.entries(sendings)) {
    test(`${name} is shown again, and no password is hashed (OP-47)`, async () => {
      const page = await browser.open(site.authorize('web'))
      const { hashes } = pool
      assertShownAgain(await browser.send(page, alice, { headers: headers ?? {} }), hashes)
    })
  }

  test('with the proof of another form, cookie or request is shown again (OP-47)', async () => {
    const page = await browser.open(site.authorize('web'))
    const apps = await browser.open('/account/apps')
    const other = await browser.open(site.authorize('web', { state: 'other' }))
    const elsewhere = await site.browser().open(site.authorize('web'))
    const { hashes } = pool
    for (const { forms } of [apps, other, elsewhere]) {
      const csrf = forms[0]?.fields.csrf ?? assert.fail()
      assertShownAgain(await browser.send(page, { ...alice, csrf }), hashes)
    }
    for (const csrf of ['', 'x', 'x.y']) {
      assertShownAgain(await browser.send(page, { ...alice, csrf }), hashes)
    }
    site.clock.advance(60 * 60)
    assertShownAgain(await browser.send(page, alice), hashes)
  })

  test('is good the second time, and from an old browser that says it is ours (OP-47)', async () => {
    const page = await browser.open(site.authorize('web'))
    const again = await browser.send(page, { ...alice, csrf: '' })
    const headers = { 'sec-fetch-site': undefined }
    assertAnswer(await browser.send(again, alice, { headers }), null)
  })
})

test('every page refuses to be framed, by two headers, and tells nobody else of it (OP-48)', async () => {
  const login = await browser.open(site.authorize('web'))
  const pages = [
    login,
    await browser.send(login, { ...alice, password: 'wrong' }),
    await browser.open(site.authorize('nobody')),
    await browser.open('/account/apps'),
    await browser.open('/auth/logout'),
    await browser.open(site.authorize('web', { response_mode: 'form_post', prompt: 'none' })),
    await browser.post('/auth/authorize/consent', {}),
  ]
  await site.logIn(browser, site.authorize('web'))
  pages.push(
    await browser.open(site.authorize('third')),
    await browser.open(site.authorize('native')),
    await browser.open('/auth/logout'),
    await browser.open('/account/apps'),
  )
  const kinds = new Set(pages.map(({ kind }) => kind))
  assert.deepEqual([...kinds].sort(), [
    ...['apps', 'consent', 'continue', 'error', 'form-post', 'logged-out', 'login', 'logout'],
  ])
  for (const { headers, kind } of pages) {
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /frame-ancestors 'none'/, `${kind}`)
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /base-uri 'none'/)
    assert.equal(/script-src/.test(policy), kind === 'form-post')
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('referrer-policy'), 'same-origin')
    assert.equal(headers.get('cross-origin-opener-policy'), 'unsafe-none')
    assert.match(headers.get('permissions-policy') ?? '', /camera=\(\)/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  }
})

describe('the session', () => {
  test('that was planted before a login is worth nothing after it (OP-53)', async () => {
    const attacker = site.browser()
    await site.logIn(attacker, site.authorize('web'), 'bob')
    const planted = attacker.cookies.get(sessionCookie) ?? assert.fail()
    browser.cookies.set(sessionCookie, planted)
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    assertAnswer(await browser.send(page, alice), null)
    assert.notEqual(browser.cookies.get(sessionCookie), planted)
    assertPage(await attacker.open(site.authorize('web')), 'login')
  })

  test('has another cookie after every login, and the one before works for 10 seconds (OP-53)', async () => {
    await site.logIn(browser, site.authorize('web'))
    const before = browser.cookies.get(sessionCookie) ?? assert.fail()
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    await browser.send(page, alice)
    assert.notEqual(browser.cookies.get(sessionCookie), before)
    const late = site.browser()
    late.cookies.set(sessionCookie, before)
    assertAnswer(await late.open(site.authorize('web')), null)
    site.clock.advance(11)
    assertPage(await late.open(site.authorize('web')), 'login')
    assertAnswer(await browser.open(site.authorize('web')), null)
  })

  test('of before a login gives codes that are worth no more than it was (OP-53)', async () => {
    const first = await site.exchange('web', await site.logIn(browser, site.authorize('web')))
    const copy = site.browser()
    copy.cookies.set(sessionCookie, browser.cookies.get(sessionCookie) ?? assert.fail())
    site.clock.advance(600)
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    const again = await site.exchange('web', await browser.send(page, alice))
    assert.equal(again.token.auth_time, Number(first.token.auth_time) + 600)
    const silent = { prompt: 'none', max_age: '5' }
    assertAnswer(await copy.open(site.authorize('web', silent)), 'login_required')
    assertPage(await copy.open(site.authorize('web', { max_age: '5' })), 'login')
    const copied = await site.exchange('web', await copy.open(site.authorize('web')))
    assert.deepEqual(
      [copied.token.auth_time, copied.token.acr, copied.token.amr],
      [first.token.auth_time, '1fa', []],
    )
    assertAnswer(await browser.open(site.authorize('web', silent)), null)
  })

  test('of a link that somebody else prepared goes on with nothing of theirs (OP-53)', async () => {
    const attacker = site.browser()
    const login = await attacker.open(site.authorize('third', { prompt: 'login' }))
    const { hops } = await attacker.send(login, bob)
    const prepared = hops.at(-1)?.url.href ?? assert.fail()
    assert.match(prepared, /proof=/)
    assertPage(await browser.open(prepared), 'login')
    await site.logIn(browser, site.authorize('web'))
    assertPage(await browser.open(prepared), 'login')
  })

  const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'a log-out everywhere': (id) => site.auth.users.endSessions(id),
    'a deactivation': (id) => site.auth.users.deactivate(id),
    'a new password': (id) => site.auth.users.setPassword(id, 'nine brave lanterns whisper'),
  }
  for (const [name, end] of Object.entries(ends)) {
    test(`dies with ${name}, at the next request (OP-54)`, async () => {
      await site.logIn(browser, site.authorize('web'))
      const user = await site.auth.users.findByUsername('alice')
      await end(user?.id ?? '')
      assertPage(await browser.open(site.authorize('web')), 'login')
    })
  }

  test('cannot be made of what is stored (OP-54)', async () => {
    await site.logIn(browser, site.authorize('web'))
    const cookie = browser.cookies.get(sessionCookie) ?? assert.fail()
    const user = await site.auth.users.findByUsername('alice')
    const stored = JSON.stringify(await site.auth.sessions.list(user?.id ?? ''))
    const [body = '', mac = ''] = cookie.split(/\.(?=[^.]*$)/)
    assertAbsent(stored, { mac })
    const forged = site.browser()
    for (const value of [body, `${body}.${'A'.repeat(43)}`, cookie.replace('.0.', '.1.')]) {
      forged.cookies.set(sessionCookie, value)
      assertPage(await forged.open(site.authorize('web')), 'login')
    }
  })

  test('of the first of two users is nothing that the second gets (OP-55)', async () => {
    const first = await site.exchange('web', await site.logIn(browser, site.authorize('web')))
    const pending = await browser.open(site.authorize('web'))
    const login = await browser.open(site.authorize('web', { prompt: 'login' }))
    const second = await site.exchange('web', await browser.send(login, bob))
    assert.notEqual(second.token.sub, first.token.sub)
    assert.notEqual(second.token.sid, first.token.sid)
    await assert.rejects(site.exchange('web', pending), /invalid_grant/)
    const next = await site.exchange('web', await browser.open(site.authorize('web')))
    assert.equal(next.token.sub, second.token.sub)
    assert.equal(await sessionsOf('alice'), 0)
    assert.equal(await sessionsOf('bob'), 1)
  })
})

describe('two tabs', () => {
  test('with forms of two clients arrive each at its own (OP-56)', async () => {
    const one = await browser.open(site.authorize('web', { state: 'one' }))
    const two = await browser.open(site.authorize('third', { state: 'two' }))
    const consent = await browser.send(two, alice)
    assertPage(consent, 'consent')
    const first = await browser.send(one, alice)
    assert.equal(first.url.origin, 'https://app.example.com')
    assert.equal(first.url.searchParams.get('state'), 'one')
    const second = await browser.send(consent, {}, { button: 'allow' })
    assert.equal(second.url.origin, 'https://third.example.com')
    assert.equal(second.url.searchParams.get('state'), 'two')
    assert.equal(await sessionsOf('alice'), 1)
  })

  test('of one client arrive both, and a reload passes the form (OP-57)', async () => {
    const one = await browser.open(site.authorize('web', { state: 'one' }))
    const two = await browser.open(site.authorize('web', { state: 'two' }))
    assertAnswer(await browser.send(one, alice), null)
    const arrival = await browser.send(two, alice)
    assertAnswer(arrival, null)
    assert.equal(arrival.url.searchParams.get('state'), 'two')
    assertAnswer(await browser.open(two.url.href), null)
  })
})

describe('a form', () => {
  test('whose cookie is gone is shown again, and arrives the second time (OP-58)', async () => {
    const page = await browser.open(site.authorize('web'))
    site.clock.advance(24 * 60 * 60)
    browser.cookies.clear()
    const again = await browser.send(page, alice)
    assertPage(again, 'login', 403)
    assert.equal(again.forms[0]?.fields.username, 'alice')
    assertAnswer(await browser.send(again, alice), null)
  })

  test('that one goes back to arrives with another code (OP-59)', async () => {
    const page = await browser.open(site.authorize('web'))
    const first = await browser.send(page, alice)
    const second = await browser.send(page, alice)
    assertAnswer(second, null)
    assert.notEqual(second.url.searchParams.get('code'), first.url.searchParams.get('code'))
    assert.equal(await sessionsOf('alice'), 1)
  })

  test('that is sent twice at once opens one session (OP-60)', async () => {
    const page = await browser.open(site.authorize('web'))
    const { hashes } = pool
    const arrivals = await Promise.all([browser.send(page, alice), browser.send(page, alice)])
    for (const arrival of arrivals) assertAnswer(arrival, null)
    assert.equal(await sessionsOf('alice'), 1)
    assert.equal(pool.hashes, hashes + 1)
  })

  test('that is sent once more, before the first answer has come, opens none (OP-60)', async () => {
    const page = await browser.open(site.authorize('web'))
    const late = site.browser()
    late.cookies.set(formCookie, browser.cookies.get(formCookie) ?? '')
    assertAnswer(await browser.send(page, alice), null)
    assertAnswer(await late.send(page, alice), null)
    assert.equal(await sessionsOf('alice'), 1)
    // Not with another password, and not after a log-out.
    const wrong = site.browser()
    wrong.cookies.set(formCookie, browser.cookies.get(formCookie) ?? '')
    assertPage(await wrong.send(page, { ...alice, password: 'wrong' }), 'login', 400)
  })

  test('of consent that is sent twice at once arrives, with one consent (OP-60)', async () => {
    const page = await site.logIn(browser, site.authorize('third'))
    const send = (): Promise<Arrival> => browser.send(page, {}, { button: 'allow' })
    for (const arrival of await Promise.all([send(), send()])) assertAnswer(arrival, null)
    const events = await site.auth.events.list()
    assert.equal(events.filter(({ type }) => type === 'authz_consent_granted').length, 1)
  })

  test('in a browser without cookies says so, and goes in no circle (OP-61)', async () => {
    const page = await browser.open(site.authorize('web'))
    browser.cookies.clear()
    const again = await browser.send(page, alice)
    assertPage(again, 'login', 403)
    browser.cookies.clear()
    const told = await browser.send(again, alice)
    assertPage(told, 'error', 403)
    assert.match(wordsOf(told), /[Cc]ookie/)
    assert.equal(told.forms.length, 0)
  })

  test('without a name or a password says that both are needed', async () => {
    const page = await browser.open(site.authorize('web'))
    const { hashes } = pool
    assertPage(await browser.send(page, { username: 'alice' }), 'login', 422)
    assertPage(await browser.send(page, { password: goodPassword }), 'login', 422)
    assert.equal(pool.hashes, hashes)
  })

  test('that is no form, or is too long, is a page', async () => {
    const page = await browser.open(site.authorize('web'))
    const headers = { 'content-type': 'text/plain' }
    assertPage(await browser.send(page, alice, { headers }), 'error', 400)
    const long = { ...alice, password: 'x'.repeat(17 * 1024) }
    assertPage(await browser.send(page, long), 'error', 413)
  })

  test('that is asked for by its own address is asked for by the request', async () => {
    const page = await browser.open(site.authorize('web'))
    const failed = await browser.send(page, { ...alice, password: 'wrong' })
    assert.equal(failed.url.pathname, '/auth/authorize/login')
    const again = await browser.open(failed.url.href)
    assertPage(again, 'login')
    assert.equal(again.url.pathname, '/auth/authorize')
  })
})

describe('a wrong password', () => {
  const grant = (username: string, password: string): Promise<Response> =>
    site.fetch('/auth/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', username, password }),
    })
  const typesOf = async (): Promise<string[]> =>
    (await site.auth.events.list()).map(({ type, reason }) => `${type}: ${reason}`)

  test('is one answer for every cause, with the events of the password grant (OP-64)', async () => {
    const page = await browser.open(site.authorize('web'))
    const answers = [
      await browser.send(page, { ...alice, password: 'wrong' }),
      await browser.send(page, { username: 'nobody', password: 'wrong' }),
    ]
    for (const answer of answers) assertPage(answer, 'login', 400)
    assert.equal(wordsOf(answers[0] as Arrival), wordsOf(answers[1] as Arrival))
    const here = await typesOf()
    await grant('alice', 'wrong')
    await grant('nobody', 'wrong')
    const both = await typesOf()
    assert.deepEqual(both.slice(0, both.length - here.length), here.slice(0, 2))
  })

  test('counts with those at the token endpoint, and the wait is a page (OP-64)', async () => {
    const page = await browser.open(site.authorize('web'))
    let waiting: Arrival | undefined
    for (let attempt = 0; attempt < 20 && waiting === undefined; attempt++) {
      await grant('alice', 'wrong')
      const answer = await browser.send(page, { ...alice, password: 'wrong' })
      if (answer.status === 429) waiting = answer
    }
    assert.ok(waiting)
    assertPage(waiting, 'login', 429)
    const seconds = Number(waiting.headers.get('retry-after'))
    assert.ok(seconds >= 1)
    assert.equal((await grant('alice', goodPassword)).status, 429)
    // The right password is not looked at either.
    const { hashes } = pool
    assertPage(await browser.send(page, alice), 'login', 429)
    assert.equal(pool.hashes, hashes)
    site.clock.advance(seconds)
    assertAnswer(await browser.send(await browser.open(site.authorize('web')), alice), null)
  })

  test('that cannot be looked at now is a page with Retry-After (OP-64)', async () => {
    const full = createHashPool({ concurrency: 1, maxWaiting: 0 })
    const busy = await openLoginSite({ auth: { passwordHash: { ...cheapHashing, pool: full } } })
    const there = busy.browser()
    const page = await there.open(busy.authorize('web'))
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = full.run(() => promise, 'elsewhere')
    const answer = await there.send(page, alice)
    assertPage(answer, 'login', 503)
    assert.ok(Number(answer.headers.get('retry-after')) >= 1)
    resolve()
    await running
    assertAnswer(await there.send(page, alice), null)
    await busy.close()
  })
})

describe('the right password', () => {
  test('of an inactive or suspended user opens nothing, and the form says so (OP-65)', async () => {
    const user = await site.auth.users.findByUsername('alice')
    const id = user?.id ?? ''
    const page = await browser.open(site.authorize('web'))
    const states = [
      () => site.auth.users.suspend(id, site.clock() + 60),
      () => site.auth.users.deactivate(id),
    ]
    for (const [index, change] of states.entries()) {
      await change()
      const answer = await browser.send(page, alice)
      assertPage(answer, 'login', 403)
      assert.match(wordsOf(answer), /inactive/)
      const [event] = await site.auth.events.list()
      assert.equal(event?.type, 'authn_login_fail')
      assert.match(event?.reason ?? '', index === 0 ? /suspended/ : /inactive/)
      assert.equal(browser.cookies.has(sessionCookie), false)
    }
    // A wrong one tells nothing of that.
    const wrong = await browser.send(page, { ...alice, password: 'wrong' })
    assert.doesNotMatch(wordsOf(wrong), /inactive/)
  })

  test('opens a session at once, since nobody has a second factor here (OP-66)', async () => {
    const arrival = await site.logIn(browser, site.authorize('web'))
    const { id, token } = await site.exchange('web', arrival)
    assert.deepEqual([id.amr, id.acr], [['pwd'], '1fa'])
    assert.deepEqual([token.amr, token.acr], [['pwd'], '1fa'])
  })
})

describe('cookies', () => {
  const lineOf = (arrival: Arrival, name: string): string =>
    arrival.hops
      .flatMap(({ headers }) => headers.getSetCookie())
      .find((line) => line.startsWith(`${name}=`)) ?? assert.fail(`no cookie ${name}`)

  test('are for this host, by https, and no script reads them (OP-69)', async () => {
    const page = await browser.open(site.authorize('web'))
    const form = lineOf(page, formCookie)
    assert.match(form, /^[^=]+=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=3600$/)
    const session = lineOf(await browser.send(page, alice), sessionCookie)
    assert.match(session, /^[^=]+=pbs_[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  })

  for (const [issuer, name] of [
    ['http://localhost:8000', 'portcullis_session_8000'],
    ['http://127.0.0.1:9000', 'portcullis_session_9000'],
    ['http://localhost', 'portcullis_session_80'],
  ] as const) {
    test(`are told apart by the port of ${issuer} (OP-69)`, async () => {
      const there = await openLoginSite({ auth: { issuer } })
      const visitor = there.browser()
      const session = lineOf(await there.logIn(visitor, there.authorize('web')), name)
      assert.doesNotMatch(session, /Secure/)
      assert.match(session, /Path=\/; HttpOnly; SameSite=Lax/)
      await there.close()
    })
  }

  test('of two issuers below paths of one host have two names (OP-69)', async () => {
    const names: string[] = []
    for (const path of ['/t1', '/t2']) {
      const there = await openLoginSite({ auth: { issuer: `https://auth.example.com${path}` } })
      const visitor = there.browser()
      // A proxy takes the path away.
      await visitor.open(`/auth/authorize?${there.authorize('web').split('?')[1]}`)
      names.push(...visitor.cookies.keys())
      await there.close()
    }
    assert.equal(new Set(names).size, 2)
    for (const name of names) assert.match(name, /^__Host-portcullis_form_[0-9a-f]{8}$/)
  })

  test('stay for as long as was chosen, where that is offered', async () => {
    const there = await openLoginSite({ hosted: { staySignedIn: 86400 } })
    const visitor = there.browser()
    const page = await visitor.open(there.authorize('web'))
    assert.match(page.html, /name="stay"/)
    const stays = lineOf(await visitor.send(page, { ...alice, stay: 'on' }), sessionCookie)
    assert.match(stays, /; Max-Age=86400$/)
    const goes = lineOf(
      await there
        .browser()
        .send(page, alice)
        .then(() => visitor.send(page, alice)),
      sessionCookie,
    )
    assert.doesNotMatch(goes, /Max-Age/)
    await there.close()
    // Elsewhere the field has no effect.
    const plain = await browser.open(site.authorize('web'))
    assert.doesNotMatch(plain.html, /name="stay"/)
    const ignored = lineOf(await browser.send(plain, { ...alice, stay: 'on' }), sessionCookie)
    assert.doesNotMatch(ignored, /Max-Age/)
  })
})

test('codes, cookies and proofs are in no event and no error (OP-79)', async () => {
  const heard: unknown[] = []
  site.auth.events.subscribe((event) => heard.push(event))
  const page = await browser.open(site.authorize('web', { prompt: 'login' }))
  const arrival = await browser.send(page, alice)
  const { url, hops } = arrival
  const code = url.searchParams.get('code') ?? ''
  const proof = hops.at(-1)?.url.searchParams.get('proof') ?? ''
  const secrets = {
    ...{ code, proof, csrf: page.forms[0]?.fields.csrf ?? '' },
    session: browser.cookies.get(sessionCookie) ?? '',
    form: browser.cookies.get(formCookie) ?? '',
  }
  await site.exchange('web', arrival)
  const replay = await site.exchange('web', arrival).catch((error: Error) => error.message)
  await browser.open(`${site.authorize('nobody')}&proof=${proof}&code=${code}`)
  await browser.send(page, { ...alice, csrf: `${secrets.csrf}x` })
  const stored = await site.auth.events.list()
  assert.ok(heard.length >= 3)
  assertAbsent(JSON.stringify([heard, stored, replay]), secrets)
  const { store } = site.auth[internals]
  const user = await site.auth.users.findByUsername('alice')
  const sessions = await store.sessions.listByUser(user?.id ?? '', site.clock(), 0)
  assertAbsent(JSON.stringify(sessions), secrets)
})
