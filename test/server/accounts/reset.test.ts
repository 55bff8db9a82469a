// How users choose a new password who have forgotten theirs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import type { KeptMail } from '../../../src/core/mail/mailbox.ts'
import { goodPassword } from '../../fixtures.ts'
import {
  claimsOf,
  enrol,
  errorOf,
  mfaToken,
  password,
  showOtp,
  showRecovery,
} from '../factors/device.ts'
import { assertProblem, login, otherPassword, wholeAnswer } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

/** How often each name and each address is asked for, in turn: 200 of each account. */
const rounds = 100

const ask = (site: Site, body: object) => site.call('POST', '/auth/password-reset', body)
const complete = (site: Site, token: string, password = otherPassword) =>
  site.call('POST', '/auth/password-reset/complete', { token, password })

onEveryEngine((open) => {
  test('the answer is the same for everybody, and within the minute too (AC-37)', async () => {
    const site = await open()
    await site.user('known')
    await site.auth.users.deactivate(await site.user('inactive'))
    await site.user('bare', { email: null })
    await site.user('unverified', { emailVerified: false })
    await site.auth.users.create({
      username: 'nopassword',
      password: null,
      email: 'nopassword@example.com',
      emailVerified: true,
    })
    const names = [
      'known',
      'unknown',
      'inactive',
      'bare',
      'unverified',
      'nopassword',
      'bad name\u0000',
    ]
    const answers = new Set<string>()
    const mails: KeptMail[] = []
    for (let round = 0; round < rounds; round++) {
      for (const username of names) {
        for (const body of [
          { username },
          { email: `${username.replace(/\W/g, '')}@example.com` },
        ]) {
          answers.add(wholeAnswer(await ask(site, body)))
        }
      }
      // Twice within each minute: in some rounds a mail is made, in others the name has had enough.
      if (round % 2 === 0) continue
      mails.push(...(await site.sent()))
      site.clock.advance(60)
    }
    assert.equal(answers.size, 1, [...answers].join('\n'))
    assert.deepEqual([...new Set(mails.map(({ kind, to }) => `${kind} ${to}`))].sort(), [
      'password_reset known@example.com',
      'password_reset nopassword@example.com',
    ])
    assertProblem(await ask(site, {}), 400)
    assertProblem(await ask(site, { email: 'a@example.com', username: 'a' }), 400)
    assertProblem(await ask(site, { email: 'no address' }), 422)
  })

  test('asking changes and locks nothing (AC-38)', async () => {
    const site = await open()
    await site.user('alice')
    const token = await site.login('alice')
    for (let turn = 0; turn < 10; turn++) await ask(site, { username: 'alice' })
    await site.sent()
    assert.equal((await site.call('GET', '/me', undefined, { token })).statusCode, 200)
    assert.equal((await login(site.app, 'alice')).statusCode, 200)
  })

  test('completing changes nothing but the password, and what proves it (AC-40)', async () => {
    const site = await open()
    const id = await site.user('alice')
    const { users } = site.auth
    const { identities } = site.auth[internals].store
    await users.changeRole(id, 'admin')
    const identity = { issuer: 'https://sso.example.com/', subject: 'alice' }
    await identities.link({ ...identity, userId: id, createdAt: 0 })
    const before = await users.find(id)
    await ask(site, { email: 'alice@example.com' })
    const token = await site.tokenOf('password_reset')
    assert.equal((await complete(site, token)).statusCode, 204)
    assert.deepEqual(await users.find(id), before)
    const [linked] = await identities.listByUser(id)
    assert.equal(linked?.subject, identity.subject)
  })

  test('completing logs nobody in and ends every login, also at another process (AC-39, AC-41)', async () => {
    const site = await open()
    const twin = await site.twin()
    await site.user('alice')
    const tokens = [await site.login('alice'), await site.login('alice')]
    for (const token of tokens) {
      assert.equal((await twin.call('GET', '/me', undefined, { token })).statusCode, 200)
    }
    await ask(site, { email: 'Alice@Example.COM' })
    const first = await site.tokenOf('password_reset')
    const second = (
      await site.auth.accounts.passwordReset?.link(
        (await site.auth.users.findByUsername('alice'))?.id ?? '',
      )
    )?.split('=')[1]
    // The newer link of a kind ends the older.
    assertProblem(await complete(site, first), 410)
    const done = await complete(site, second ?? '')
    assert.deepEqual([done.statusCode, done.body], [204, ''])
    assert.equal(done.headers['set-cookie'], undefined)
    for (const token of tokens) {
      for (const each of [site, twin]) {
        assertProblem(await each.call('GET', '/me', undefined, { token }), 401)
      }
    }
    assert.equal((await login(site.app, 'alice')).statusCode, 401)
    assert.equal((await login(site.app, 'alice', { password: otherPassword })).statusCode, 200)
    const rows = (await site.dump()).one_time_tokens as { kind: string }[]
    for (const row of rows) assert.equal(row.kind, 'password_reset')
    assertProblem(await complete(site, second ?? ''), 410)
  })

  test('the user is told at the verified address (AC-42)', async () => {
    const site = await open()
    await site.user('alice')
    await ask(site, { username: 'alice' })
    const token = await site.tokenOf('password_reset')
    assertProblem(await complete(site, token, 'short'), 422)
    assert.deepEqual(await site.sent(), [])
    await complete(site, token)
    assert.deepEqual(
      (await site.sent()).map(({ kind, to }) => [kind, to]),
      [['password_changed', 'alice@example.com']],
    )
  })

  test('who has a password at another issuer alone is told so, and gets no link (AC-44)', async () => {
    const site = await open()
    const { store } = site.auth[internals]
    const id = (
      await site.auth.users.create({
        username: 'external',
        password: null,
        email: 'external@example.com',
        emailVerified: true,
      })
    ).id
    const at = { issuer: 'https://idp.example.test', subject: '17', userId: id, createdAt: 1 }
    await store.identities.link(at)
    await ask(site, { email: 'external@example.com' })
    const [mail, ...more] = await site.sent()
    assert.deepEqual([mail?.kind, more.length], ['password_elsewhere', 0])
    assert.match(mail?.text ?? '', /https:\/\/idp\.example\.test/)
    assert.doesNotMatch(mail?.text ?? '', /pot_/)
  })

  test('completing ends the wait that wrong passwords brought (AC-45)', async () => {
    const site = await open()
    await site.user('alice')
    let answer = await login(site.app, 'alice', { password: 'wrong' })
    for (let turn = 0; turn < 10 && answer.statusCode !== 429; turn++) {
      answer = await login(site.app, 'alice', { password: 'wrong' })
    }
    assert.equal(answer.statusCode, 429)
    assert.equal((await login(site.app, 'alice')).statusCode, 429)
    await ask(site, { username: 'alice' })
    await complete(site, await site.tokenOf('password_reset'))
    // From elsewhere: the source of the wrong passwords waits on.
    const payload = new URLSearchParams({ username: 'alice', password: otherPassword }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await site.call('POST', '/auth/token', payload, { headers })).statusCode, 200)
  })

  test('a user with a second factor resets the password, and the factor stays and is asked for (AC-39, AC-40)', async () => {
    const site = await open({ auth: { factors: {} } })
    const { userId, device, recoveryCodes } = await enrol(site, 'alice')
    const listed = async () => await site.auth.factors?.list(userId)
    const before = await listed()
    assert.equal(before?.length, 1)
    await ask(site, { username: 'alice' })
    const done = await complete(site, await site.tokenOf('password_reset'))
    assert.deepEqual([done.statusCode, done.body], [204, ''])
    assert.equal(done.headers['set-cookie'], undefined)
    assert.deepEqual(await site.auth.sessions.list(userId), [])
    assert.deepEqual(await listed(), before)
    assert.equal(await site.auth.factors?.recoveryCodesLeft(userId), recoveryCodes.length)

    const withNew = { password: otherPassword }
    const first = await password(site, 'alice', withNew)
    assert.equal(errorOf(first), '403 mfa_required')
    assert.equal(first.json().access_token, undefined)
    assert.deepEqual(await site.auth.sessions.list(userId), [])
    const shown = await showOtp(site, first.json().mfa_token, device.code())
    assert.equal(shown.statusCode, 200, shown.body)
    assert.equal(claimsOf(shown.json().access_token).acr, '2fa')
    const second = (await password(site, 'alice', withNew)).json().mfa_token
    assert.equal((await showRecovery(site, second, recoveryCodes[0] ?? '')).statusCode, 200)
  })

  test('a reset ends what a login before it had begun, a question for the second factor too (AC-39, AC-41)', async () => {
    const site = await open({ auth: { factors: {} } })
    const { device } = await enrol(site, 'alice')
    const begun = await mfaToken(site, 'alice')
    await ask(site, { username: 'alice' })
    await complete(site, await site.tokenOf('password_reset'))
    assert.equal(errorOf(await showOtp(site, begun, device.code())), '400 expired_token')
  })

  test('completing lifts the lock of the password, and not that of the factor (AC-45)', async () => {
    const site = await open({ auth: { factors: {} } })
    const { device } = await enrol(site, 'alice')
    // Five wrong codes of two logins, each from another address: the factor waits.
    for (const tries of [4, 2]) {
      const token = await mfaToken(site, 'alice')
      for (let turn = 0; turn < tries; turn++) await showOtp(site, token, device.wrong())
    }
    const locked = await showOtp(site, await mfaToken(site, 'alice'), device.code())
    assert.equal(locked.statusCode, 429, locked.body)
    const wait = Number(locked.headers['retry-after'])
    // Then the password, from one address after the other.
    const wrong = async () => (await password(site, 'alice', { password: 'wrong' })).statusCode
    for (let turn = 0; turn < 20 && (await wrong()) !== 429; turn++);
    assert.equal((await password(site, 'alice')).statusCode, 429)

    await ask(site, { username: 'alice' })
    await complete(site, await site.tokenOf('password_reset'))
    const first = await password(site, 'alice', { password: otherPassword })
    assert.equal(errorOf(first), '403 mfa_required')
    const still = await showOtp(site, first.json().mfa_token, device.code())
    assert.equal(still.statusCode, 429, still.body)
    site.clock.advance(Math.max(30, wait))
    const later = await showOtp(site, first.json().mfa_token, device.code())
    assert.equal(later.statusCode, 200, later.body)
  })

  test('a mail that is tried again brings no used or ended link back (AC-32, AC-33)', async () => {
    let isLost = true
    const site = await open({ losesAnswers: () => isLost })
    const id = await site.user('alice')
    const ends: ((token: string) => Promise<unknown>)[] = [
      (token) => complete(site, token),
      () => site.auth.users.setPassword(id, goodPassword),
      () => site.auth.users.endSessions(id),
    ]
    for (const end of ends) {
      isLost = true
      await ask(site, { username: 'alice' })
      const [mail] = await site.sent()
      const token = tokenIn(mail as KeptMail)
      await end(token)
      isLost = false
      // It is tried again now, and was sent once before.
      site.clock.advance(20 * 60)
      await site.sent()
      assertProblem(await complete(site, token, goodPassword), 410)
      site.clock.advance(3600)
    }
    // One whose first try did not arrive at all is as good as new.
    isLost = true
    await ask(site, { username: 'alice' })
    await site.sent()
    isLost = false
    site.clock.advance(20 * 60)
    await site.auth[internals].outbox?.sendDue()
    const [mail] = site.box.mails.filter(({ kind }) => kind === 'password_reset')
    assert.equal((await complete(site, tokenIn(mail as KeptMail))).statusCode, 204)
  })

  test('further tries of a mail do not count as further mails (AC-46, AC-49)', async () => {
    const site = await open({ losesAnswers: () => true })
    await site.user('alice')
    // Somebody is impatient, and the relay takes a mail only when it comes again.
    for (const body of [{ username: 'alice' }, { username: 'alice' }]) await ask(site, body)
    for (const seconds of [0, 11]) {
      site.clock.advance(seconds)
      await site.sent()
    }
    const states = (await site.dump()).mail_outbox?.map((row) => (row as { state: string }).state)
    // The newer one has the link that works, so it must arrive.
    assert.ok(states?.includes('waiting'), String(states))
  })
})
