// How users set and change their address.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeptMail } from '../../../src/core/mail/mailbox.ts'
import { assertProblem, otherPassword } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

const change = (site: Site, token: string, email: string) =>
  site.call('PUT', '/me/email', { email }, { token })
const confirm = (site: Site, token: string, code: string | null | undefined) =>
  site.call('POST', '/me/email/confirm', { code: code ?? '' }, { token })
const kinds = (mails: readonly KeptMail[]) => mails.map(({ kind, to }) => `${kind} ${to}`).sort()
const codeIn = (mails: readonly KeptMail[]) => mails.find(({ code }) => code !== null)?.code

/** Changes the address, and returns the mails that tell of it. */
async function changeTo(site: Site, token: string, email: string): Promise<readonly KeptMail[]> {
  assert.equal((await change(site, token, email)).statusCode, 202)
  const answer = await confirm(site, token, codeIn(await site.sent()))
  assert.equal(answer.statusCode, 200, answer.body)
  return await site.sent()
}

onEveryEngine((open) => {
  test('the old address stays until the code of the new one, and both are told twice (AC-58)', async () => {
    const site = await open()
    const id = await site.user('alice')
    const [token, other] = [await site.login('alice'), await site.login('alice')]
    const asked = await change(site, token, 'New@Example.org')
    assert.deepEqual([asked.statusCode, asked.json()], [202, { status: 'accepted' }])
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
    const begun = await site.sent()
    assert.deepEqual(kinds(begun), [
      'email_change_begun alice@example.com',
      'email_code New@example.org',
    ])
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
    const done = await confirm(site, token, codeIn(begun))
    const { email, email_verified } = done.json()
    assert.deepEqual([done.statusCode, email, email_verified], [200, 'New@example.org', true])
    assert.deepEqual(kinds(await site.sent()), [
      'email_changed alice@example.com',
      'email_confirmed New@example.org',
    ])
    // The session that asked goes on, and no other.
    assert.equal((await site.call('GET', '/me', undefined, { token })).statusCode, 200)
    assertProblem(await site.call('GET', '/me', undefined, { token: other }), 401)
  })

  test('to an address that is another’s the answer is the same, and its owner is told (AC-59)', async () => {
    const site = await open()
    await site.user('owner')
    await site.user('alice')
    const token = await site.login('alice')
    const taken = await change(site, token, 'owner@example.com')
    const first = await site.sent()
    const free = await change(site, token, 'free@example.com')
    assert.deepEqual([taken.statusCode, taken.body], [free.statusCode, free.body])
    assert.deepEqual(kinds(first), [
      'email_change_begun alice@example.com',
      'email_wanted owner@example.com',
    ])
    assertProblem(await change(site, token, 'no address'), 422)
  })

  test('a code ends with its session, the password, ten minutes and five wrong ones (AC-60, AC-36)', async () => {
    const site = await open()
    const id = await site.user('alice')
    let token = await site.login('alice')
    const ask = async (): Promise<string> => {
      site.clock.advance(3 * 3600)
      token = await site.login('alice', (await site.login('alice')) ? undefined : otherPassword)
      await change(site, token, 'new@example.com')
      return codeIn(await site.sent()) ?? ''
    }
    // Another session of the same user.
    let code = await ask()
    const stranger = await site.login('alice')
    assertProblem(await confirm(site, stranger, code), 422)
    // Five wrong ones, of which that was the first.
    for (let turn = 0; turn < 4; turn++) {
      assertProblem(await confirm(site, token, code === '00000000' ? '00000001' : '00000000'), 422)
    }
    assertProblem(await confirm(site, token, code), 422)

    code = await ask()
    site.clock.advance(601)
    assertProblem(await confirm(site, token, code), 422)

    code = await ask()
    const sessions = await site.auth.sessions.list(id)
    for (const session of sessions) await site.auth.sessions.end(session.id)
    assertProblem(await confirm(site, token, code), 401)
    assertProblem(await confirm(site, await site.login('alice'), code), 422)

    code = await ask()
    const passwords = { old_password: 'vivid harbor ladle ox', new_password: otherPassword }
    const changed = await site.call('PUT', '/me/password', passwords, { token })
    assert.equal(changed.statusCode, 204, changed.body)
    assertProblem(await confirm(site, token, code), 422)
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
  })

  test('the code is sent again, for the same address, and the older one ends', async () => {
    const site = await open()
    await site.user('alice')
    const token = await site.login('alice')
    await change(site, token, 'new@example.com')
    const older = codeIn(await site.sent())
    const again = await site.call('POST', '/me/email/verification', undefined, { token })
    assert.equal(again.statusCode, 202, again.body)
    const mails = await site.sent()
    assert.deepEqual(kinds(mails), ['email_code new@example.com'])
    assertProblem(await confirm(site, token, older), 422)
    assert.equal((await confirm(site, token, codeIn(mails))).statusCode, 200)
  })

  test('an address is removed, and told so', async () => {
    const site = await open()
    const id = await site.user('alice')
    const token = await site.login('alice')
    const removed = await site.call('DELETE', '/me/email', undefined, { token })
    assert.deepEqual([removed.statusCode, removed.body], [204, ''])
    assert.equal((await site.auth.users.find(id))?.email, null)
    assert.deepEqual(kinds(await site.sent()), ['email_changed alice@example.com'])
  })

  test('the old address takes a change back within 72 hours, and every session ends (AC-61)', async () => {
    const site = await open()
    const id = await site.user('alice')
    const token = await site.login('alice')
    const [farewell] = (await changeTo(site, token, 'thief@example.net')).filter(
      ({ kind }) => kind === 'email_changed',
    )
    const restore = () =>
      site.call('POST', '/auth/email/restore', { token: tokenIn(farewell as KeptMail) })
    site.clock.advance(71 * 3600)
    assert.equal((await restore()).statusCode, 204)
    const { email, emailVerified } = (await site.auth.users.find(id)) ?? {}
    assert.deepEqual([email, emailVerified], ['alice@example.com', true])
    assertProblem(await site.call('GET', '/me', undefined, { token }), 401)
    assertProblem(await restore(), 410)
    const second = await changeTo(site, await site.login('alice'), 'new@example.net')
    site.clock.advance(72 * 3600 + 1)
    const late = tokenIn(second.find(({ kind }) => kind === 'email_changed') as KeptMail)
    assertProblem(await site.call('POST', '/auth/email/restore', { token: late }), 410)
  })

  test('the address that another one replaces is told, whoever replaces it (AC-58)', async () => {
    const site = await open()
    const id = await site.user('alice')
    await site.user('root', { role: 'admin' })
    const token = await site.login('root')
    const url = `/admin/users/${id}/email`
    const body = { email: 'other@example.org', verified: true }
    assert.equal((await site.call('PUT', url, body, { token })).statusCode, 200)
    const told = await site.sent()
    assert.deepEqual(kinds(told), [
      'email_changed alice@example.com',
      'email_confirmed other@example.org',
    ])
    // An administrator is not overruled.
    assert.deepEqual(
      told.map(({ link }) => link),
      [null, null],
    )

    const alice = await site.login('alice')
    const farewell = (await changeTo(site, alice, 'new@example.org')).find(
      ({ kind }) => kind === 'email_changed',
    )
    const restore = { token: tokenIn(farewell as KeptMail) }
    assert.equal((await site.call('POST', '/auth/email/restore', restore)).statusCode, 204)
    const restored = await site.sent()
    assert.deepEqual(kinds(restored), ['email_changed new@example.org'])
    // It may be a thief's: nothing says where the owner is.
    assert.match(restored[0]?.text ?? '', /^Address: unknown$/m)
  })

  test('a new address is told of an administrator’s change once it is known to be the user’s (AC-58)', async () => {
    const site = await open()
    const id = await site.user('alice')
    await site.user('root', { role: 'admin' })
    const token = await site.login('root')
    const told = async (body: object): Promise<readonly string[]> => {
      const answer = await site.call('PUT', `/admin/users/${id}/email`, body, { token })
      assert.equal(answer.statusCode, 200, answer.body)
      return kinds(await site.sent())
    }
    const email = 'other@example.org'
    // It may be a stranger's, who is told nothing of an account.
    assert.deepEqual(await told({ email }), ['email_changed alice@example.com'])
    assert.deepEqual(await told({ email, verified: true }), [`email_confirmed ${email}`])
    site.clock.advance(250)
    assert.deepEqual(await told({ email, verified: true }), [])
  })

  test('the old address takes nothing back while the user is deactivated (AC-33)', async () => {
    const site = await open()
    const id = await site.user('alice')
    const farewell = (await changeTo(site, await site.login('alice'), 'new@example.org')).find(
      ({ kind }) => kind === 'email_changed',
    )
    await site.auth.users.deactivate(id)
    const restore = { token: tokenIn(farewell as KeptMail) }
    assertProblem(await site.call('POST', '/auth/email/restore', restore), 410)
    assert.equal((await site.auth.users.find(id))?.email, 'new@example.org')
  })

  test('a reactivation revives no link but that of the old address, which its owner may need still (AC-33)', async () => {
    const site = await open()
    const id = await site.user('alice')
    const farewell = (await changeTo(site, await site.login('alice'), 'thief@example.org')).find(
      ({ kind }) => kind === 'email_changed',
    )
    await site.call('POST', '/auth/password-reset', { username: 'alice' })
    const reset = { token: await site.tokenOf('password_reset'), password: otherPassword }
    await site.auth.users.deactivate(id)
    await site.auth.users.reactivate(id)
    assertProblem(await site.call('POST', '/auth/password-reset/complete', reset), 410)
    const restore = { token: tokenIn(farewell as KeptMail) }
    assert.equal((await site.call('POST', '/auth/email/restore', restore)).statusCode, 204)
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
    assertProblem(await site.call('POST', '/auth/email/restore', restore), 410)
  })

  test('an administrator changes addresses only after a recent login (AC-57)', async () => {
    const site = await open()
    const id = await site.user('alice')
    await site.user('root', { role: 'admin' })
    const token = await site.login('root')
    site.clock.advance(301)
    const url = `/admin/users/${id}/email`
    const body = { email: 'thief@example.org', verified: true }
    for (const refused of [
      await site.call('PUT', url, body, { token }),
      await site.call('DELETE', url, undefined, { token }),
    ]) {
      assertProblem(refused, 401)
      assert.match(String(refused.headers['www-authenticate']), /insufficient_user_authentication/)
    }
    assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
  })

  test('who changed the address twice has no way back when the first owner has (AC-61)', async () => {
    for (const thiefIsFirst of [true, false]) {
      const site = await open()
      const id = await site.user('alice')
      const token = await site.login('alice')
      const restore = (mails: readonly KeptMail[]) => {
        const link = mails.find(({ kind }) => kind === 'email_changed') as KeptMail
        return site.call('POST', '/auth/email/restore', { token: tokenIn(link) })
      }
      const first = await changeTo(site, token, 'thief@example.net')
      const second = await changeTo(site, token, 'thief2@example.net')
      if (thiefIsFirst) assert.equal((await restore(second)).statusCode, 204)
      assert.equal((await restore(first)).statusCode, 204)
      assertProblem(await restore(second), 410)
      assert.equal((await site.auth.users.find(id))?.email, 'alice@example.com')
    }
  })

  test('a token that belongs to no session changes no address', async () => {
    const { createAccessToken } = await import('../../../src/core/create-access-token.ts')
    const site = await open()
    const token = await createAccessToken(site.auth, await site.user('alice'))
    assertProblem(await change(site, token ?? '', 'new@example.com'), 401)
    assertProblem(await site.call('PUT', '/me/email', { email: 'new@example.com' }), 401)
  })
})
