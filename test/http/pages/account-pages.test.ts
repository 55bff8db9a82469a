// The pages of accounts as requests see them: what they change, what they say, and what a browser may do there.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { accountPaths } from '../../../src/core/accounts/links.ts'
import { internals } from '../../../src/core/internals.ts'
import { createHashPool } from '../../../src/core/passwords/hash-pool.ts'
import { accountPages } from '../../../src/http/pages/account-pages.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { type AccountSite, openAccountSite } from '../../account-site.ts'
import { authenticate, cheapHashing, goodPassword } from '../../fixtures.ts'

const newPassword = 'nine brave lanterns whisper'
const { registration, invitation, passwordResetRequest, passwordReset, emailRestore } = accountPaths
const completion = `${registration}/complete`
const paths = [
  ...[registration, completion, invitation],
  ...[passwordResetRequest, passwordReset, emailRestore],
]
/** A code of the right form that nobody was sent. */
const unknownToken = `pot_${'A'.repeat(43)}`

let site: AccountSite

beforeEach(async () => {
  site = await openAccountSite()
})
afterEach(() => site.close())

const titleOf = (html: string): string => /<h1>(.*)<\/h1>/.exec(html)?.[1] ?? ''
const typedInto = (html: string, name: string): string | undefined =>
  new RegExp(`<input id="${name}"[^>]* value="([^"]*)"`).exec(html)?.[1]
const errorOf = (html: string, name: string): string | undefined =>
  new RegExp(`id="${name}-error">.*<span>(.*)</span>`).exec(html)?.[1]
const tokenOf = (link: string): string => link.split('#token=')[1] ?? assert.fail(link)

/** The link of a registration, asked for on the page. */
async function register(email = 'alice@example.com', at = site): Promise<string> {
  assert.equal((await at.send(registration, { email })).statusCode, 200)
  return await at.nextLink()
}

/** A user with a verified address, who came by the pages. */
async function createAlice(at = site): Promise<void> {
  const token = tokenOf(await register('alice@example.com', at))
  const done = await at.send(completion, { token, username: 'alice', password: goodPassword })
  assert.equal(titleOf(done.body), 'Account created', done.body)
}

test('the table of pages is what is tested here', () => {
  assert.deepEqual(
    accountPages.map(({ path }) => path),
    paths,
  )
})

describe('each page', () => {
  for (const path of paths) {
    test(`${path} lets a browser run its own script, and nothing else`, async () => {
      const { statusCode, headers, body } = await site.get(path)
      assert.equal(statusCode, 200)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers.vary, 'Accept-Language')
      const policy = String(headers['content-security-policy'])
      assert.match(
        policy,
        /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      )
      assert.match(body, /^<!doctype html>\n<html lang="en">/)
      assert.match(body, /<form method="post">/)
      assert.match(body, /<title>[^<]+ · Example<\/title>/)
      assert.deepEqual(
        Object.keys(headers).filter((name) => name === 'set-cookie'),
        [],
      )
    })

    test(`${path} refuses other methods`, async () => {
      const { statusCode, headers } = await site.app.inject({ method: 'PUT', url: path })
      assert.deepEqual([statusCode, headers.allow], [405, 'GET, HEAD, POST'])
    })
  }
})

describe('what is not switched on', () => {
  async function found(at: AccountSite): Promise<readonly string[]> {
    const answers = await Promise.all(paths.map((path) => at.get(path)))
    await at.close()
    return paths.filter((_, index) => answers[index]?.statusCode !== 404)
  }

  test('has no page (AC-13)', async () => {
    const accounts = { registration: 'closed', passwordReset: false, emailChange: false } as const
    assert.deepEqual(await found(await openAccountSite({ accounts })), [passwordReset])
    const invited = await openAccountSite({ accounts: { ...accounts, registration: 'invited' } })
    assert.deepEqual(await found(invited), [invitation, passwordReset])
  })

  test('nor has what the application has a page for', async () => {
    const page = 'https://app.example.com/page'
    const links = { registration: page, passwordReset: page }
    const at = await openAccountSite({ accounts: { links } })
    const { body } = await at.get(passwordResetRequest)
    assert.match(body, /href="https:\/\/app\.example\.com\/page" data-behind-link/)
    assert.deepEqual(await found(at), [invitation, passwordResetRequest, emailRestore])
  })

  test('nor has anything if the option says so', async () => {
    assert.deepEqual(await found(await openAccountSite({ plugin: { pages: false } })), [])
  })

  test('and no page is in the OpenAPI document', async () => {
    const { paths: documented } = (await site.get('/openapi.json')).json()
    assert.ok('/auth/token' in documented)
    assert.deepEqual(
      Object.keys(documented).filter((path) => path.startsWith('/account')),
      [],
    )
  })
})

test('looking at a link changes nothing, however often a program does (AC-28)', async () => {
  const link = await register()
  const { auth, mails } = site
  const before = await auth[internals].events.list({ limit: 100 })
  mails.clear()
  const scanner = { 'user-agent': 'Mozilla/5.0 (compatible; Microsoft Office Safe Links)' }
  for (let times = 0; times < 20; times++) {
    assert.equal((await site.get(link, scanner)).statusCode, 200)
    for (const method of ['HEAD', 'OPTIONS'] as const) {
      for (const url of paths) await site.app.inject({ method, url, headers: scanner })
    }
  }
  await auth[internals].outbox?.sendDue()
  assert.deepEqual(mails.mails, [])
  assert.deepEqual(await auth[internals].events.list({ limit: 100 }), before)
  assert.equal((await auth.users.counts()).total, 0)

  const fields = { token: tokenOf(link), username: 'alice', password: goodPassword }
  assert.equal((await site.send(completion, fields)).statusCode, 200)
  assert.equal((await auth.users.findByUsername('alice'))?.emailVerified, true)
})

describe('registration', () => {
  test('the answer is the same whoever has the address (AC-15)', async () => {
    await createAlice()
    const answers = []
    for (const email of ['alice@example.com', 'nobody@example.com']) {
      const { statusCode, headers, body } = await site.send(registration, { email })
      const { date: _, 'content-length': _length, ...others } = headers
      answers.push({ statusCode, others, body: body.replaceAll(email, '…') })
    }
    assert.deepEqual(answers[0], answers[1])
    assert.equal(titleOf(answers[0]?.body ?? ''), 'Check your mail')
  })

  test('the link works once, however it is pasted (AC-32)', async () => {
    const link = await register()
    const fields = { token: ` <${link}>\n`, username: 'alice', password: goodPassword }
    const done = await site.send(completion, fields)
    assert.equal(done.statusCode, 200, done.body)
    assert.match(done.body, /You can log in as alice now\./)
    assert.ok(await authenticate(site.auth, 'alice', goodPassword))

    const again = await site.send(completion, { ...fields, username: 'bob' })
    assert.deepEqual([again.statusCode, titleOf(again.body)], [410, 'The link works no more'])
    assert.match(again.body, /<a href="\/account\/register">Ask for a new link<\/a>/)
    assert.equal((await site.auth.users.counts()).total, 1)
  })

  test('a form that is refused keeps what was typed, but no password', async () => {
    const token = tokenOf(await register())
    const refused = await site.send(completion, { token, username: 'alice', password: 'password1' })
    assert.equal(refused.statusCode, 422)
    assert.match(errorOf(refused.body, 'password') ?? '', /at least 15 characters/)
    assert.equal(typedInto(refused.body, 'token'), token)
    assert.equal(typedInto(refused.body, 'username'), 'alice')
    assert.doesNotMatch(refused.body, /password1/)
    assert.match(refused.body, /<input id="password"[^>]* autofocus>/)
    for (const value of Object.values(refused.headers)) assert.ok(!String(value).includes(token))

    await site.auth.users.create({ username: 'alice', password: null })
    const fields = { token, username: 'ALICE', password: goodPassword }
    const taken = await site.send(completion, fields)
    assert.equal(taken.statusCode, 409)
    assert.match(errorOf(taken.body, 'username') ?? '', /taken/)
  })

  test('a text that is no address is refused at its field', async () => {
    const { statusCode, body } = await site.send(registration, { email: '"><script>@' })
    assert.equal(statusCode, 422)
    assert.match(errorOf(body, 'email') ?? '', /name@example\.com/)
    assert.equal(typedInto(body, 'email'), '&#34;&#62;&#60;script&#62;@')
  })

  test('an address of another domain is refused at its field', async () => {
    const at = await openAccountSite({ accounts: { registration: { domains: ['example.com'] } } })
    const { statusCode, body } = await at.send(registration, { email: 'eve@evil-example.com' })
    await at.close()
    assert.equal(statusCode, 403)
    assert.match(errorOf(body, 'email') ?? '', /Only addresses of example\.com/)
  })

  test('an invitation that gives a name needs none', async () => {
    const { auth } = site
    await auth.accounts.invitations?.create({ email: 'bob@example.com', username: 'bob' })
    const token = tokenOf(await site.nextLink())
    const done = await site.send(invitation, { token, password: goodPassword })
    assert.match(done.body, /You can log in as bob now\./)
    const gone = await site.send(invitation, { token, password: goodPassword })
    assert.match(gone.body, /Ask the person who invited you/)
  })
})

describe('a forgotten password', () => {
  test('the answer is the same for every text (AC-37)', async () => {
    await createAlice()
    const bodies = []
    for (const account of [
      'alice',
      'alice@example.com',
      'nobody',
      'x@example.org',
      'no name at all',
    ]) {
      const { statusCode, body } = await site.send(passwordResetRequest, { account })
      assert.equal(statusCode, 200)
      bodies.push(body.replaceAll(account, '…'))
    }
    assert.equal(new Set(bodies).size, 1)
  })

  for (const account of ['alice', 'alice@example.com']) {
    test(`${account} gets a link, which sets a password and logs nobody in (AC-39)`, async () => {
      await createAlice()
      await site.send(passwordResetRequest, { account })
      const token = tokenOf(await site.nextLink())
      const done = await site.send(passwordReset, { token, password: newPassword })
      assert.equal(titleOf(done.body), 'Password set')
      assert.equal(done.headers['set-cookie'], undefined)
      assert.ok(await authenticate(site.auth, 'alice', newPassword))
    })
  }

  test('no step can be left out (AC-34)', async () => {
    await createAlice()
    const invited = await site.auth.accounts.invitations?.create({ returnLink: true })
    const other = tokenOf(invited?.link ?? '')
    for (const fields of [{}, { token: '' }, { token: 'x' }, { account: 'alice' }]) {
      const { statusCode, body } = await site.send(passwordReset, {
        ...fields,
        password: newPassword,
      })
      assert.equal(statusCode, 422)
      assert.ok(errorOf(body, 'token'))
    }
    for (const token of [unknownToken, other]) {
      const { statusCode } = await site.send(passwordReset, { token, password: newPassword })
      assert.equal(statusCode, 410)
    }
    assert.ok(await authenticate(site.auth, 'alice', goodPassword))
  })

  test('too many wrong links have to wait, and the form says how long (AC-35)', async () => {
    const fields = { token: unknownToken, password: newPassword }
    let answer = await site.send(passwordReset, fields)
    for (let times = 0; times < 25 && answer.statusCode === 410; times++) {
      answer = await site.send(passwordReset, fields)
    }
    assert.equal(answer.statusCode, 429)
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    assert.match(answer.body, /role="alert">.*Too many wrong links\. Try again in \d+ seconds?\./)
    assert.equal(typedInto(answer.body, 'token'), unknownToken)
  })
})

test('a server that has too much to do says when to try again, and keeps the code', async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 0 })
  const at = await openAccountSite({ auth: { passwordHash: { ...cheapHashing, pool } } })
  const token = tokenOf(await register('alice@example.com', at))
  const { promise, resolve } = Promise.withResolvers<void>()
  const busy = pool.run(() => promise)
  const fields = { token, username: 'alice', password: goodPassword }
  const refused = await at.send(completion, fields)
  assert.equal(refused.statusCode, 503)
  assert.match(String(refused.headers['retry-after']), /^\d+$/)
  assert.match(refused.body, /The server is busy\. Try again in/)
  assert.equal(typedInto(refused.body, 'token'), token)
  resolve()
  await busy
  assert.equal((await at.send(completion, fields)).statusCode, 200)
  await at.close()
})

test('a change of address is taken back by one button', async () => {
  await createAlice()
  const { auth } = site
  const user = (await auth.users.findByUsername('alice')) ?? assert.fail()
  const own = { userId: user.id, sessionId: 'session', address: '192.0.2.1' }
  await auth.accounts.emailChange?.remove(own)
  const token = tokenOf(await site.nextLink())
  const done = await site.send(emailRestore, { token })
  assert.equal(titleOf(done.body), 'Address restored')
  assert.match(done.body, /<a href="\/account\/forgot-password">Choose a new password too<\/a>/)
  assert.equal((await auth.users.findByUsername('alice'))?.email, 'alice@example.com')
})

describe('a form from elsewhere', () => {
  const isRefused = async (headers: Readonly<Record<string, string | undefined>>, at = site) => {
    const email = 'alice@example.com'
    const { statusCode, body } = await at.send(registration, { email }, headers)
    assert.ok(statusCode === 200 || (statusCode === 403 && titleOf(body) === 'Not sent'), body)
    const { waiting } = (await at.auth[internals].outbox?.counts()) ?? assert.fail()
    assert.equal(waiting, statusCode === 200 ? 1 : 0)
    return statusCode === 403
  }
  const own = 'https://auth.example.com'
  const evil = 'https://evil.example'

  for (const [what, headers] of [
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: own }],
    ['of a neighbour', { 'sec-fetch-site': 'same-site', origin: own }],
    ['of another origin', { 'sec-fetch-site': undefined, origin: evil }],
    ['without an origin, by https', { 'sec-fetch-site': undefined }],
    ['of an opaque origin, by https', { 'sec-fetch-site': undefined, origin: 'null' }],
  ] as const) {
    test(`${what} does nothing`, async () => assert.ok(await isRefused(headers)))
  }

  for (const [what, headers] of [
    ['that was sent once more by hand', { 'sec-fetch-site': 'none' }],
    ['of the issuer', { 'sec-fetch-site': undefined, origin: own }],
    ['of the host', { 'sec-fetch-site': undefined, origin: 'https://here', host: 'here' }],
  ] as const) {
    test(`but one ${what} is taken`, async () => assert.ok(!(await isRefused(headers))))
  }

  test('by plain http a browser says nothing, and the form is taken', async () => {
    const at = await openAccountSite({ auth: { issuer: 'http://auth.example.com' } })
    assert.equal(await isRefused({ 'sec-fetch-site': undefined, origin: 'null' }, at), false)
    await at.close()
  })
})

test('what is no such form does nothing, and is answered as a page', async () => {
  const json = { 'content-type': 'application/json' }
  for (const [status, fields, headers] of [
    [400, { email: 'alice@example.com' }, json],
    [415, { email: 'alice@example.com' }, { 'content-encoding': 'gzip' }],
    [413, { email: 'a'.repeat(20_000) }, {}],
  ] as const) {
    const answer = await site.send(registration, fields, headers)
    assert.deepEqual([answer.statusCode, titleOf(answer.body)], [status, 'Not sent'])
  }
})

test('no header of a request comes into a link (AC-31)', async () => {
  for (const name of ['host', 'x-forwarded-host', 'forwarded', 'x-forwarded-proto']) {
    const value = name === 'forwarded' ? 'host=evil.example;proto=http' : 'evil.example'
    const email = `${name}@example.com`
    const { statusCode, body } = await site.send(registration, { email }, { [name]: value })
    assert.equal(statusCode, 200)
    assert.doesNotMatch(body, /evil/)
    assert.match(await site.nextLink(), /^https:\/\/auth\.example\.com\/account\/register#token=/)
    assert.doesNotMatch((await site.get(registration, { [name]: value })).body, /evil/)
  }
})

test('the pages are where the links of mails lead', async () => {
  for (const [issuer, prefix, served] of [
    ['https://example.com/api', '/api', '/api/account/register'],
    ['https://example.com', '/api', '/account/register'],
    ['https://example.com/outer', '', '/account/register'],
    ['https://example.com/outer/api', '/api', '/api/account/register'],
  ] as const) {
    const at = await openAccountSite({ auth: { issuer }, plugin: { prefix } })
    const { statusCode, body } = await at.get(served)
    assert.equal(statusCode, 200, issuer)
    const { pathname } = new URL(issuer)
    const base = pathname === '/' ? '' : pathname
    assert.match(body, new RegExp(`href="${base}/account/register/complete"`))
    await at.close()
  }
})

test('a page speaks the language of its reader', async () => {
  const german = { 'accept-language': 'de-CH, en;q=0.5' }
  const form = await site.get(registration, german)
  assert.equal(form.headers['content-language'], 'de')
  assert.match(form.body, /<html lang="de">/)
  assert.equal(titleOf(form.body), 'Registrieren')
  const refused = await site.send(completion, { token: unknownToken, username: 'a' }, german)
  assert.match(refused.body, /Korrigieren Sie dieses Feld:/)
  assert.equal(errorOf(refused.body, 'password'), 'Füllen Sie dieses Feld aus.')
  assert.match(refused.body, /Mindestens 15 Zeichen/)

  const at = await openAccountSite({ accounts: { locale: 'de' } })
  assert.equal(
    titleOf((await at.get(registration, { 'accept-language': 'fr' })).body),
    'Registrieren',
  )
  await at.close()
})

test('web requests get the same pages', async () => {
  const handle = oauthEndpoints(site.auth, { pages: { name: 'Example' } })
  const ask = (init: RequestInit) =>
    handle(new Request(`https://auth.example.com${registration}`, init), '192.0.2.1')
  const shown = (await ask({})) ?? assert.fail()
  assert.equal(await shown.text(), (await site.get(registration)).body)
  assert.equal(shown.headers.get('content-type'), 'text/html; charset=utf-8')
  const body = new URLSearchParams({ email: 'alice@example.com' })
  const sent = await ask({ method: 'POST', body, headers: { 'sec-fetch-site': 'same-origin' } })
  assert.match((await sent?.text()) ?? '', /Check your mail/)
  assert.match(await site.nextLink(), /#token=/)
  const none = oauthEndpoints(site.auth, { pages: false })
  assert.equal(await none(new Request(`https://auth.example.com${registration}`), undefined), null)
})
