// How users leave, and what they take along.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, goodPassword } from '../../fixtures.ts'
import { enrol, logInWithBoth, mfaToken, showOtp } from '../factors/device.ts'
import { assertProblem } from '../fixtures.ts'
import { from, onEveryEngine } from './site.ts'

const accounts = { deletion: true, registration: 'open' } as const
const day = 86_400

onEveryEngine((open) => {
  test('a deletion ends logins at once, and frees name and address after the delay (AC-117)', async () => {
    const site = await open({ accounts })
    const id = await site.user('alice')
    const token = await site.login('alice')
    const answer = await site.call('DELETE', '/me', undefined, { token })
    const deleteAt = site.clock() + 14 * day
    assert.deepEqual([answer.statusCode, answer.json()], [202, { delete_at: deleteAt }])
    assertProblem(await site.call('GET', '/me', undefined, { token }), 401)
    const mails = await site.sent()
    assert.deepEqual(
      mails.map(({ kind, to }) => [kind, to]),
      [['deletion_begun', 'alice@example.com']],
    )
    const { deletion } = site.auth.accounts
    assert.equal(await deletion?.prune(), 0)
    site.clock.advance(14 * day + 1)
    assert.equal(await deletion?.prune(), 1)
    assert.equal(await site.auth.users.find(id), null)
    // Both are free again.
    await site.user('alice')
  })

  test('a login within the delay keeps the account, and a refused one does not (AC-117)', async () => {
    const site = await open({ accounts })
    const id = await site.user('alice')
    const leave = async () =>
      await site.call('DELETE', '/me', undefined, { token: await site.login('alice') })
    await leave()
    await site.login('alice', 'a wrong password it is')
    await leave()
    await site.login('alice')
    site.clock.advance(30 * day)
    assert.equal(await site.auth.accounts.deletion?.prune(), 0)
    await leave()
    await site.login('alice', 'a wrong password it is')
    site.clock.advance(30 * day)
    assert.equal(await site.auth.accounts.deletion?.prune(), 1)
    assert.equal(await site.auth.users.find(id), null)
  })

  test('of a user with a second factor the password alone keeps nothing, and the code does (AC-117)', async () => {
    const site = await open({ accounts, auth: { factors: {} } })
    const { userId, device } = await enrol(site, 'alice')
    const leave = async (): Promise<void> => {
      const { access_token: token } = await logInWithBoth(site, 'alice', device)
      const answer = await site.call('DELETE', '/me', undefined, { token })
      assert.equal(answer.statusCode, 202, answer.body)
    }
    const deleteAt = async () =>
      (await site.auth[internals].store.users.findById(userId))?.deleteAt ?? null
    await leave()
    const due = await deleteAt()
    assert.ok(due !== null)
    const token = await mfaToken(site, 'alice')
    assert.equal(await deleteAt(), due)
    assert.equal((await showOtp(site, token, device.wrong())).statusCode, 400)
    assert.equal(await deleteAt(), due)
    assert.equal((await showOtp(site, token, device.code())).statusCode, 200)
    assert.equal(await deleteAt(), null)
    site.clock.advance(30 * day)
    assert.equal(await site.auth.accounts.deletion?.prune(), 0)

    await leave()
    await mfaToken(site, 'alice')
    site.clock.advance(14 * day + 1)
    assert.equal(await site.auth.accounts.deletion?.prune(), 1)
    assert.equal(await site.auth.users.find(userId), null)
  })

  test('the last administrator stays, asked at once and when the delay is over (AC-117)', async () => {
    const site = await open({ accounts })
    const first = await site.user('first', { role: 'admin' })
    const token = await site.login('first')
    assertProblem(await site.call('DELETE', '/me', undefined, { token }), 409)
    assert.equal((await site.call('GET', '/me', undefined, { token })).statusCode, 200)
    const second = await site.user('second', { role: 'admin' })
    assert.equal((await site.call('DELETE', '/me', undefined, { token })).statusCode, 202)
    await site.auth.users.changeRole(second, 'member').catch(() => {})
    site.clock.advance(14 * day + 1)
    await site.auth.accounts.deletion?.prune()
    const left = [await site.auth.users.find(first), await site.auth.users.find(second)]
    assert.ok(
      left.some((user) => user?.role === 'admin' && user.active),
      JSON.stringify(left),
    )
  })

  test('without a delay the account is gone at once', async () => {
    const site = await open({ accounts: { ...accounts, deletionDelay: 0 } })
    const id = await site.user('alice')
    const token = await site.login('alice')
    assert.equal((await site.call('DELETE', '/me', undefined, { token })).statusCode, 202)
    assert.equal(await site.auth.users.find(id), null)
  })

  test('an export has what is known of the user, no secret, and nobody else', async () => {
    const site = await open({ accounts })
    const admin = await site.user('root', { role: 'admin' })
    const id = await site.user('alice')
    await site.auth.users.changeRole(id, 'member', { actor: `user:${admin}` })
    const token = await site.login('alice')
    const answer = await site.call('GET', '/me/export', undefined, { token })
    assert.equal(answer.statusCode, 200, answer.body)
    const { user, sessions, identities, events, ...others } = answer.json()
    assert.deepEqual(others, {})
    assert.deepEqual(
      [user.id, user.email, sessions.length, identities],
      [id, 'alice@example.com', 1, []],
    )
    assert.deepEqual(
      new Set(events.map(({ type }: { type: string }) => type)),
      new Set(['user_created', 'privilege_permissions_changed', 'authn_login_success']),
    )
    for (const secret of [admin, goodPassword, '$argon2', 'stamp']) {
      assert.ok(!answer.body.includes(secret), secret)
    }
  })

  test('an export has the keys, factors and grants that the user can see, and nothing to log in with', async () => {
    const site = await open({
      accounts,
      auth: { apiKeys: {}, factors: {}, hostedLogin: hostedLogin() },
    })
    const { userId, device, recoveryCodes } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const made = await site.call('POST', '/me/keys', { name: 'backup', scope: '' }, { token })
    assert.equal(made.statusCode, 201, made.body)
    const redirectUris = ['https://app.example.com/callback']
    await site.auth.clients.register({ id: 'app', name: 'App', confidential: false, redirectUris })
    const { hosted } = site.auth[internals]
    await hosted?.authorization.consents.allow(userId, 'app', ['openid'])
    const seen = async (path: string) => (await site.call('GET', path, undefined, { token })).json()
    const { keys, factors, recovery_codes_left, grants } = await seen('/me/export')
    assert.deepEqual([keys.length, factors.length, grants.length], [1, 1, 1])
    assert.deepEqual({ keys }, await seen('/me/keys'))
    assert.deepEqual({ factors, recovery_codes_left }, await seen('/me/factors'))
    assert.deepEqual({ grants }, await seen('/me/grants'))
    const body = JSON.stringify(await seen('/me/export'))
    for (const secret of [made.json().key, device.secret, ...recoveryCodes, 'digest']) {
      assert.ok(!body.includes(secret), secret)
    }
  })
})

test('a login keeps the account, even while those whose time has come are deleted (AC-117)', async (t) => {
  const clock = createTestClock()
  const store = memory()
  const { users } = store
  let meanwhile = async (): Promise<void> => {}
  const auth = await createTestAuth({
    clock,
    accounts: { ...accounts, mailer: mailbox(), from },
    store: {
      ...store,
      users: {
        ...users,
        async remove(id, options) {
          await meanwhile()
          return await users.remove(id, options)
        },
      },
    },
  })
  t.after(() => auth.close())
  const { deletion } = auth.accounts
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  await deletion?.request({ userId: id })
  clock.advance(14 * day)
  const [record] = await users.dueForDeletion(clock(), 1)
  meanwhile = async () => await deletion?.cancel(record as UserRecord)
  assert.equal(await deletion?.prune(), 0)
  assert.equal((await auth.users.find(id))?.username, 'alice')
})
