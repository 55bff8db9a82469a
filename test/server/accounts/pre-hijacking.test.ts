// Sudhodanan and Paverd, "Pre-hijacked accounts" (2022): an attacker comes before the victim, who then
// registers with an own address. None of the five ways may leave the attacker in the account.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { newSecurityStamp } from '../../../src/core/users/security-stamp.ts'
import { bareAccount } from '../../../src/core/users/user.ts'
import { keycloak } from '../../../src/issuers/keycloak.ts'
import { goodPassword } from '../../fixtures.ts'
import { makeKey, sign, startProvider } from '../../issuers/provider.ts'
import { assertProblem, login, otherPassword } from '../fixtures.ts'
import { onEveryEngine, type Site, tokenIn } from './site.ts'

const victim = 'victim@example.com'
const accounts = { registration: 'open' } as const

/** The victim registers, and logs in. Returns the id of the account. */
async function registerVictim(site: Site): Promise<string> {
  await site.call('POST', '/auth/register', { email: victim })
  const mail = (await site.sent()).find((each) => each.kind === 'registration')
  assert.ok(mail, 'no link for the victim')
  const body = { token: tokenIn(mail), username: 'victim', password: otherPassword }
  const made = await site.call('POST', '/auth/register/complete', body)
  assert.equal(made.statusCode, 201, made.body)
  return made.json().id
}

const own = { iss: 'https://idp.example.test', sub: 'attacker' }

onEveryEngine((open) => {
  test('classic-federated merge: a later user is never put together with an earlier one (AC-18)', async () => {
    const site = await open({ accounts })
    // The attacker has an account with the address, unverified, and an identity linked to it.
    const attacker = await site.user('attacker', { email: victim, emailVerified: false })
    const { store } = site.auth[internals]
    const identity = { issuer: own.iss, subject: own.sub, userId: attacker, createdAt: 1 }
    await store.identities.link(identity)
    const id = await registerVictim(site)
    assert.notEqual(id, attacker)
    assert.equal((await store.identities.findUser(own.iss, own.sub))?.id, attacker)
    // Nor does the address lead to the account of the attacker.
    assert.equal((await login(site.app, victim)).statusCode, 401)
    assert.equal((await login(site.app, victim, { password: otherPassword })).statusCode, 200)
  })

  test('unexpired session: what began before the victim came gives no way in (AC-18)', async () => {
    const site = await open({ accounts })
    await site.user('attacker', { email: victim, emailVerified: false })
    const token = await site.login('attacker')
    const id = await registerVictim(site)
    const me = await site.call('GET', '/me', undefined, { token })
    assert.equal(me.statusCode, 200)
    assert.notEqual(me.json().id, id)
  })

  test('trojan identity: an account has no identity that its owner did not link (AC-18)', async () => {
    const site = await open({ accounts })
    await site.call('POST', '/auth/register', { email: victim })
    const token = await site.tokenOf('registration')
    const id = await registerVictim(site)
    assert.deepEqual(await site.auth.identities.list(id), [])
    const body = { token, username: 'attacker', password: goodPassword }
    assertProblem(await site.call('POST', '/auth/register/complete', body), 410)
    // The first link, of a request that the attacker made, has ended with the second.
    assert.equal((await site.auth.users.counts()).total, 1)
  })

  test('trojan identity: one that was planted before leads to the account of the attacker alone (AC-18)', async (t) => {
    const provider = await startProvider()
    t.after(() => provider.close())
    const key = await makeKey('k1')
    provider.publish([key])
    const trusted = keycloak({
      ...{ issuer: provider.origin, audience: 'api', users: 'link', allowInsecureLoopback: true },
    })
    const site = await open({ accounts, auth: { issuers: [trusted] } })
    const admin = await site.user('root', { role: 'admin' })
    const attacker = await site.user('attacker', { email: victim, emailVerified: false })
    const identity = { issuer: provider.origin, subject: 'attacker' }
    // Users link none themselves, neither to their account nor to another.
    const token = await site.login('attacker')
    for (const [path, status] of [
      ['/me/identities', 404],
      [`/admin/users/${attacker}/identities`, 403],
      [`/admin/users/${admin}/identities`, 403],
    ] as const) {
      assertProblem(await site.call('POST', path, identity, { token }), status)
    }
    // An administrator does it for them.
    const url = `/admin/users/${attacker}/identities`
    const linked = await site.call('POST', url, identity, { token: await site.login('root') })
    assert.equal(linked.statusCode, 201, linked.body)
    // The owner of the address is sent no link into that account, and registers.
    await site.call('POST', '/auth/password-reset', { email: victim })
    assert.deepEqual(await site.sent(), [])
    const id = await registerVictim(site)
    assert.notEqual(id, attacker)
    const theirs = await sign(key, {
      ...{ iss: provider.origin, sub: 'attacker', aud: 'api', typ: 'Bearer', azp: 'web' },
      ...{ iat: site.clock(), exp: site.clock() + 300, email: victim, email_verified: true },
      preferred_username: 'victim',
    })
    const me = await site.call('GET', '/me', undefined, { token: theirs })
    assert.deepEqual([me.statusCode, me.json().id], [200, attacker])
    assert.deepEqual(await site.auth.identities.list(id), [])
    // After a reset, too.
    await site.call('POST', '/auth/password-reset', { email: victim })
    const body = { token: await site.tokenOf('password_reset'), password: goodPassword }
    assert.equal((await site.call('POST', '/auth/password-reset/complete', body)).statusCode, 204)
    const later = await site.call('GET', '/me', undefined, { token: theirs })
    assert.equal(later.json().id, attacker)
    assert.equal((await login(site.app, 'victim')).statusCode, 200)
  })

  test('pending change of address: it ends when the owner has verified the address (AC-18)', async () => {
    const site = await open({ accounts })
    await site.user('attacker')
    const token = await site.login('attacker')
    await site.call('PUT', '/me/email', { email: victim }, { token })
    // Even one who has got hold of the code has nothing of it afterwards.
    const [code] = (await site.sent()).flatMap((mail) => mail.code ?? [])
    await registerVictim(site)
    assertProblem(await site.call('POST', '/me/email/confirm', { code }, { token }), 422)
    await site.call('POST', '/auth/password-reset', { email: victim })
    const mails = (await site.sent()).filter(({ kind }) => kind === 'password_reset')
    assert.match(mails[0]?.text ?? '', /victim/)
    const body = { token: tokenIn(mails[0] as never), password: goodPassword }
    assert.equal((await site.call('POST', '/auth/password-reset/complete', body)).statusCode, 204)
    assert.equal((await login(site.app, 'victim')).statusCode, 200)
  })

  test('an issuer that verifies nothing: its name for a user is no address of ours (AC-18)', async () => {
    const site = await open({ accounts })
    const { store } = site.auth[internals]
    // As `users: 'create'` stores one whom the issuer calls so.
    await store.identities.createUser(own.iss, own.sub, {
      ...{ id: '01900000-0000-7000-8000-000000000001', username: victim, passwordHash: null },
      ...{ role: 'member', active: true, createdAt: 1, securityStamp: newSecurityStamp() },
      ...bareAccount,
    })
    const id = await registerVictim(site)
    assert.equal((await store.identities.findUser(own.iss, own.sub))?.email, null)
    await site.call('POST', '/auth/password-reset', { email: victim })
    const reset = await site.tokenOf('password_reset')
    const body = { token: reset, password: goodPassword }
    assert.equal((await site.call('POST', '/auth/password-reset/complete', body)).statusCode, 204)
    assert.equal((await login(site.app, 'victim')).statusCode, 200)
    assert.notEqual((await store.identities.findUser(own.iss, own.sub))?.id, id)
  })
})
