// How people become users by themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import type { KeptMail } from '../../../src/core/mail/mailbox.ts'
import { goodPassword } from '../../fixtures.ts'
import { assertProblem, login, otherPassword, wholeAnswer } from '../fixtures.ts'
import { from, onEveryEngine, type Site, tokenIn } from './site.ts'

/** How often each address is asked for, in turn. */
const rounds = 200

const register = (site: Site, email: string) => site.call('POST', '/auth/register', { email })

const paths = [
  ['POST', '/auth/register'],
  ['POST', '/auth/register/complete'],
  ['POST', '/auth/invitation/accept'],
  ['POST', '/auth/password-reset'],
  ['POST', '/auth/password-reset/complete'],
  ['POST', '/auth/email/restore'],
  ['PUT', '/me/email'],
  ['POST', '/me/email/confirm'],
  ['DELETE', '/me/email'],
  ['POST', '/me/email/verification'],
  ['DELETE', '/me'],
  ['GET', '/me/export'],
  ['GET', '/admin/invitations'],
  ['POST', '/admin/invitations'],
  ['DELETE', '/admin/invitations/1'],
  ['POST', '/admin/invitations/1/resend'],
  ['POST', '/admin/users/1/password-reset'],
] as const

/** The paths above that answer anything but 404 and 405, and those that the document has. */
async function findPaths(site: Site): Promise<{ served: string[]; documented: string[] }> {
  const document = (await site.call('GET', '/openapi.json')).json().paths
  const served: string[] = []
  for (const [method, path] of paths) {
    const { statusCode } = await site.call(method, path)
    if (statusCode !== 404 && statusCode !== 405) served.push(`${method} ${path}`)
  }
  const documented = paths
    .filter(([method, path]) => document[path.replace('/1', '/{id}')]?.[method.toLowerCase()])
    .map(([method, path]) => `${method} ${path}`)
  return { served, documented }
}

onEveryEngine((open) => {
  test('what is not switched on is 404 and not documented (AC-13)', async () => {
    const off = await findPaths(await open({ accounts: null }))
    assert.deepEqual(off, { served: [], documented: [] })
    const closed = await findPaths(await open())
    const invited = await findPaths(await open({ accounts: { registration: 'invited' } }))
    const opened = await findPaths(
      await open({ accounts: { registration: 'open', deletion: true } }),
    )
    for (const { served, documented } of [closed, invited, opened])
      assert.deepEqual(served, documented)
    assert.ok(!closed.served.some((each) => /register|invitation|export|DELETE \/me$/.test(each)))
    assert.ok(!invited.served.some((each) => each.includes('register')))
    assert.ok(invited.served.includes('POST /auth/invitation/accept'))
    assert.deepEqual(
      opened.served,
      paths.map((each) => each.join(' ')),
    )
  })

  test('a request to register leaves a mail behind, and no user (AC-14)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    const before = await site.dump()
    assert.equal((await register(site, 'new@example.com')).statusCode, 202)
    const now = await site.dump()
    const grown = Object.keys(now).filter((name) => now[name]?.length !== before[name]?.length)
    // What the limits count is no row about a person: a keyed digest.
    assert.deepEqual(grown.sort(), ['mail_outbox', 'throttle'])
    assert.equal(now.mail_outbox?.length, 1)
  })

  test('the answer is the same whoever has the address (AC-15)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    const admin = await site.user('root', { role: 'admin' })
    await site.user('verified')
    await site.user('unverified', { emailVerified: false })
    const inactive = await site.user('inactive')
    await site.auth.users.deactivate(inactive)
    await site.auth.accounts.invitations?.create({ email: 'invited@example.com', invitedBy: admin })
    const names = ['unknown', 'verified', 'unverified', 'inactive', 'invited']
    const answers = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        answers.add(wholeAnswer(await register(site, `${name}@example.com`)))
      }
      // In some rounds a mail is made, in others the address has had enough.
      site.clock.advance(60)
    }
    assert.equal(answers.size, 1, [...answers].join('\n'))
    const [answer = ''] = answers
    assert.match(answer, /^\[202,"Accepted",.*"{\\"status\\":\\"accepted\\"}"\]$/)
  })

  test('the owner of an address is told that somebody tried to register with it (AC-16)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    await site.user('owner')
    await register(site, 'Owner@EXAMPLE.com')
    const [mail, ...more] = await site.sent()
    assert.deepEqual(
      [mail?.kind, mail?.to, more.length],
      ['already_registered', 'owner@example.com', 0],
    )
    assert.equal((await site.auth.users.counts()).total, 1)
  })

  test('of two who prove one address at the same time the second has a link that has ended (AC-07)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    await register(site, 'new@example.com')
    const token = await site.tokenOf('registration')
    const id = await site.user('alice')
    // As another process does it between the look at the link and the end of the request.
    const { users } = site.auth[internals].store
    const address = { email: 'new@example.com', emailKey: 'new@example.com', emailVerifiedAt: 1 }
    await users.update(id, address)
    const account = { token, username: 'newcomer', password: goodPassword }
    assertProblem(await site.call('POST', '/auth/register/complete', account), 410)
  })

  test('completing makes an active, verified user of the default role, and takes no other member (AC-17)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    await register(site, 'New@EXAMPLE.com')
    const token = await site.tokenOf('registration')
    const good = { token, username: 'newcomer', password: goodPassword }
    for (const [name, value] of [
      ['role', 'admin'],
      ['active', false],
      ['email_verified', true],
      ['__proto__', {}],
    ] as const) {
      const body = JSON.stringify(good).replace('}', `,"${name}":${JSON.stringify(value)}}`)
      const refused = await site.call('POST', '/auth/register/complete', body)
      assertProblem(refused, 400, `The member ${name} is not known here.`)
    }
    // Refused, it does not use the link up.
    const weak = await site.call('POST', '/auth/register/complete', { ...good, password: 'short' })
    assertProblem(weak, 422)
    await site.user('taken')
    const taken = await site.call('POST', '/auth/register/complete', { ...good, username: 'taken' })
    assert.equal(taken.json().code, 'username_taken')
    const made = await site.call('POST', '/auth/register/complete', good)
    assert.equal(made.statusCode, 201, made.body)
    const { id, created_at, ...user } = made.json()
    assert.deepEqual(user, {
      ...{ username: 'newcomer', role: 'member', active: true },
      ...{ email: 'New@example.com', email_verified: true },
    })
    assert.equal(made.headers['cache-control'], 'no-store')
    assert.equal((await login(site.app, 'newcomer')).statusCode, 200)
    assertProblem(await site.call('POST', '/auth/register/complete', good), 410)
  })

  test('domains are compared whole, when it is asked and when it is completed (AC-19)', async () => {
    const site = await open({
      accounts: { registration: { domains: ['example.com', 'bücher.example'] } },
    })
    for (const domain of [
      'evil-example.com',
      'example.com.evil.org',
      'sub.example.com',
      'xn--e1afmkfd.com',
    ]) {
      assertProblem(await register(site, `a@${domain}`), 403)
    }
    for (const domain of ['EXAMPLE.com', 'xn--bcher-kva.example', 'bücher.example']) {
      assert.equal((await register(site, `a@${domain}`)).statusCode, 202, domain)
    }
    const mails = await site.sent()
    assert.deepEqual(
      new Set(mails.map(({ to }) => to)),
      new Set(['a@example.com', 'a@xn--bcher-kva.example']),
    )
  })

  test('a domain that is taken from the list after the request refuses the completion (AC-19)', async () => {
    const domains = ['example.com', 'example.org']
    const site = await open({ accounts: { registration: { domains } } })
    await register(site, 'new@example.org')
    const token = await site.tokenOf('registration')
    const account = { token, username: 'newcomer', password: goodPassword }
    const completeAt = (at: Site) => at.call('POST', '/auth/register/complete', account)
    // As after a start with another list.
    const narrower = await site.twin({
      accounts: { mailer: site.box, from, registration: { domains: ['example.com'] } },
    })
    const refused = await completeAt(narrower)
    assertProblem(refused, 403, 'Only addresses of example.com may register.')
    assert.equal((await site.auth.users.counts()).total, 0)
    // It does not use the link up: on the list again, the domain may register.
    assert.equal((await completeAt(site)).statusCode, 201)
  })

  test('a domain of mixed scripts is refused, and one of another script shown as A-label everywhere (AC-06)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    // The first letter is Cyrillic, and so is all but the ending of the last one.
    const mixed = ['a@\u0430pple.com', 'a@xn--pple-43d.com', 'a@mail.\u0430pple.com']
    const cyrillic = 'new@\u043f\u0440\u0438\u043c\u0435\u0440.example'
    const shown = 'new@xn--e1afmkfd.example'
    const before = await site.dump()
    for (const email of mixed) assertProblem(await register(site, email), 422)
    assert.deepEqual(await site.dump(), before)
    assert.equal((await register(site, cyrillic)).statusCode, 202)
    const [mail] = await site.sent()
    assert.equal(mail?.to, shown)
    const account = { token: tokenIn(mail as KeptMail), username: 'cyril', password: goodPassword }
    const made = await site.call('POST', '/auth/register/complete', account)
    assert.deepEqual([made.statusCode, made.json().email], [201, shown])
    const token = await site.login('cyril')
    assert.equal((await site.call('GET', '/me', undefined, { token })).json().email, shown)
    const unchanged = await site.dump()
    for (const email of mixed) {
      assertProblem(await site.call('PUT', '/me/email', { email }, { token }), 422)
    }
    assert.deepEqual((await site.dump()).one_time_tokens, unchanged.one_time_tokens)
    assert.deepEqual(await site.sent(), [])
  })

  test('a hook refuses before a row is written, and so does one that does not answer (AC-20)', async (t) => {
    const asked = Promise.withResolvers<void>()
    const hook = (attempt: { proof: string | undefined }) => {
      if (attempt.proof !== 'late') return attempt.proof === 'right'
      asked.resolve()
      return new Promise<boolean>(() => {})
    }
    const site = await open({ accounts: { registration: 'open', beforeRegistration: hook } })
    const ask = (proof?: string) =>
      site.call('POST', '/auth/register', { email: 'a@example.com', proof })
    const before = JSON.stringify(await site.dump())
    assertProblem(await ask('wrong'), 403)
    assertProblem(await ask(), 403)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const late = ask('late')
    await asked.promise
    t.mock.timers.tick(10_000)
    assertProblem(await late, 403)
    t.mock.timers.reset()
    assert.equal(JSON.stringify(await site.dump()), before)
    assert.equal((await ask('right')).statusCode, 202)
  })

  test('nobody chooses an address of somebody else as a name (AC-08)', async () => {
    const site = await open({ accounts: { registration: 'open' } })
    await register(site, 'alice@example.com')
    const token = await site.tokenOf('registration')
    const complete = (username: string) =>
      site.call('POST', '/auth/register/complete', { token, username, password: otherPassword })
    assertProblem(await complete('bob@example.com'), 422)
    assert.equal((await complete('alice@example.com')).statusCode, 201)
  })
})
