// Second factors and API keys on two real processes: what one has accepted, ended or counted, the other knows
// at its very next request.

import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { internals } from '../../../src/core/internals.ts'
import { goodPassword } from '../../fixtures.ts'
import type { Served } from '../accounts/site.ts'
import { makeAuthenticator } from './authenticator.ts'
import {
  begin,
  confirm,
  type Device,
  deviceOf,
  enrol,
  errorOf,
  grant,
  logInWithBoth,
  mfaToken,
  password,
  showOtp,
  showRecovery,
} from './device.ts'
import {
  add,
  addPasskey,
  asked,
  creation,
  holder,
  logInByPasskey,
  showAlone,
  showSecond,
} from './passkey-user.ts'
import { createTraveller, type Traveller } from './traveller.ts'
import { onTwoProcesses, pendingLogins, statusOf, tally } from './two-processes.ts'

const once = { '200 OK': 1, '400 invalid_grant': 49 }

await onTwoProcesses((pair) => {
  let users = 0
  const nextName = (): string => `user${++users}`
  /** Each process as that where something is done, with the one that is asked. */
  const turns = () => [[pair().one, pair().two] as const, [pair().two, pair().one] as const]
  const both = () => [pair().one, pair().two]

  /** An administrator, who has a device. */
  let root: Device
  before(async () => {
    const { one, two, clock } = pair()
    await one.user('root', { role: 'admin' })
    const token = (await password(two, 'root')).json().mfa_token
    root = await begin(one, token)
    assert.equal((await confirm(two, token, root, root.code())).statusCode, 200)
    clock.advance(30)
  })

  /** Something that an administrator does at one of them, right after a login there. */
  async function administer(at: Served, method: string, url: string, body?: object) {
    const { access_token: token } = await logInWithBoth(at, 'root', root)
    const answer = await at.call(method, `/admin/users/${url}`, body, { token })
    assert.ok(answer.statusCode < 300, answer.body)
  }

  let traveller: Traveller
  before(async () => {
    traveller = await createTraveller(pair(), 'traveller')
  })

  // What has failed in the test before is waited for no more.
  beforeEach(() => pair().clock.advance(3600))

  /** The same processes, for who comes from two more of those addresses. */
  const afterwards = () => both().map((at, index) => traveller.from(at, 50 + index))

  /** What 50 get who do something at once, from those addresses, at both processes. */
  const all50 = (act: (at: Served, index: number) => Promise<LightMyRequestResponse>) =>
    pair().atOnce(50, (at, index) => act(traveller.from(at, index), index))

  const loginsOf = (username: string, times = 50) => pendingLogins(pair(), username, times)

  test('of 50 logins with one code one succeeds, and then neither takes it, or an older one (AC-63)', async () => {
    const { device } = traveller
    const token = await loginsOf('traveller')
    const answers = await all50((at, index) => showOtp(at, token(index), device.code()))
    assert.deepEqual(tally(answers), once)
    for (const at of afterwards()) {
      for (const steps of [-1, 0]) {
        const again = await showOtp(at, await mfaToken(at, 'traveller'), device.code(steps))
        assert.equal(errorOf(again), '400 invalid_grant')
      }
    }
  })

  test('wrong codes at one count at the other, of all kinds together (AC-66)', async () => {
    const username = nextName()
    const { device, recoveryCodes } = await enrol(pair().one, username)
    const wrong = recoveryCodes[0]?.replace(/^./, (letter) => (letter === 'a' ? 'b' : 'a')) ?? ''
    const token = await loginsOf(username)
    const answers = await pair().atOnce(50, (at, index) =>
      index % 4 < 2
        ? showOtp(at, token(index), device.wrong())
        : showRecovery(at, token(index), wrong),
    )
    assert.deepEqual(tally(answers), { '400 invalid_grant': 6, 429: 44 })
    for (const at of both()) {
      const right = [
        await showOtp(at, await mfaToken(at, username), device.code()),
        await showRecovery(at, await mfaToken(at, username), recoveryCodes[1] ?? ''),
      ]
      assert.deepEqual(tally(right), { 429: 2 })
    }
  })

  test('of 50 logins with one recovery code one succeeds, and then neither takes it (AC-73)', async () => {
    const { userId, recoveryCodes } = traveller
    const [code = ''] = recoveryCodes
    const token = await loginsOf('traveller')
    const answers = await all50((at, index) => showRecovery(at, token(index), code))
    assert.deepEqual(tally(answers), once)
    assert.equal(await pair().auth.factors?.recoveryCodesLeft(userId), 7)
    for (const at of afterwards()) {
      const again = await showRecovery(at, await mfaToken(at, 'traveller'), code)
      assert.equal(errorOf(again), '400 invalid_grant')
    }
  })

  test('a token of a login has five tries at both together, and the right code is refused then (AC-78)', async () => {
    const { device } = traveller
    const token = await mfaToken(pair().one, 'traveller')
    const answers = await all50((at) => showOtp(at, token, device.wrong()))
    assert.deepEqual(tally(answers), { '400 invalid_grant': 5, '400 expired_token': 45 })
    for (const at of both()) {
      assert.equal(errorOf(await showOtp(at, token, device.code())), '400 expired_token')
    }
  })

  test('a token of a login has one success at both together (AC-78)', async () => {
    const { device, recoveryCodes } = traveller
    const token = await mfaToken(pair().two, 'traveller')
    const answers = await all50((at, index) =>
      index % 4 < 2
        ? showOtp(at, token, device.code((index % 3) - 1))
        : showRecovery(at, token, recoveryCodes[1 + (index % 7)] ?? ''),
    )
    const { '200 OK': passed, ...refused } = tally(answers)
    assert.deepEqual([passed, Object.keys(refused)], [1, ['400 expired_token']])
    pair().clock.advance(60)
    for (const at of both()) {
      assert.equal(errorOf(await showOtp(at, token, device.code())), '400 expired_token')
    }
  })

  test('the first factor ends other sessions at the very next request of the other process (AC-82)', async () => {
    for (const kind of ['app', 'passkey']) {
      for (const [here, there] of turns()) {
        const username = nextName()
        await here.user(username)
        const token = await here.login(username)
        const { access_token: other, refresh_token } = (
          await grant(there, { username, password: goodPassword })
        ).json()
        const statuses = async (at: Served) => [
          await statusOf(at, token),
          await statusOf(at, other),
        ]
        for (const at of both()) assert.deepEqual(await statuses(at), [200, 200])
        if (kind === 'passkey') await addPasskey(here, token)
        else {
          const device = await begin(here, token)
          assert.equal((await confirm(here, token, device, device.code())).statusCode, 200)
        }
        assert.equal(await statusOf(there, other), 401, kind)
        for (const at of both()) assert.deepEqual(await statuses(at), [200, 401], kind)
        const refresh = { grant_type: 'refresh_token', refresh_token }
        assert.equal(errorOf(await grant(there, refresh)), '400 invalid_grant')
        assert.equal(errorOf(await password(there, username)), '403 mfa_required')
      }
    }
  })

  test('of 50 who show one credential one gets in, and it is a replay at both then (AC-97)', async () => {
    const challenge = await asked(pair().two)
    const credential = traveller.synced.get(challenge.public_key)
    const answers = await all50((at) => showAlone(at, challenge, credential))
    assert.deepEqual(tally(answers), once)
    for (const at of afterwards()) {
      const again = await showAlone(at, challenge, credential)
      assert.equal(errorOf(again), '400 invalid_grant')
    }
  })

  test('a challenge of a second factor is used up at both, with its login (AC-97)', async () => {
    const token = await mfaToken(pair().one, 'traveller')
    const challenge = await asked(pair().two, token)
    const credential = traveller.synced.get(challenge.public_key)
    const answers = await all50((at) => showSecond(at, token, challenge, credential))
    assert.deepEqual(tally(answers), { '200 OK': 1, '400 expired_token': 49 })
  })

  test('of 50 passkeys that are made for one challenge one is added (AC-97)', async () => {
    const { one, two, atOnce, auth } = pair()
    const { userId, key } = await holder(one, nextName())
    const token = (await logInByPasskey(two, key)).json().access_token
    const challenge = await creation(two, token)
    const answers = await atOnce(50, (at) =>
      add(at, token, challenge, makeAuthenticator().create(challenge.public_key)),
    )
    const added = answers.filter(({ statusCode }) => statusCode === 201)
    const ended = answers.filter(({ statusCode }) => statusCode === 410)
    assert.deepEqual([added.length, ended.length], [1, 49])
    assert.equal((await auth.factors?.list(userId))?.length, 2)
  })

  test('of 50 with one counter, each with a challenge of its own, one gets in (AC-102)', async () => {
    const challenges = await pair().atOnce(50, (at) => asked(at))
    const show = (counter: number) => (at: Served, index: number) => {
      const challenge = challenges[index] ?? assert.fail()
      return showAlone(at, challenge, traveller.bound.get(challenge.public_key, { counter }))
    }
    assert.deepEqual(tally(await all50(show(1000))), once)
    for (const [index, at] of afterwards().entries()) {
      assert.equal(errorOf(await show(1000)(at, index)), '400 invalid_grant')
    }
  })

  test('of two removals of the last two passkeys, one at each, one is refused (AC-106)', async () => {
    const { one, two, auth, atOnce } = pair()
    for (let round = 0; round < 10; round++) {
      const { userId, key, factorId } = await holder(one, nextName())
      const token = (await logInByPasskey(two, key)).json().access_token
      const id = await addPasskey(one, token)
      await auth[internals].store.users.update(userId, { passwordHash: null })
      const answers = await atOnce(2, (at, index) =>
        at.call('DELETE', `/me/factors/${index ? id : factorId}`, undefined, { token }),
      )
      assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [204, 409])
      assert.equal((await auth.factors?.list(userId))?.length, 1)
    }
  })

  test('an API key that ends at one is refused at the very next request of the other (AC-113)', async () => {
    for (const [here, there] of turns()) {
      const username = nextName()
      const userId = await here.user(username, { role: 'editor' })
      const token = await here.login(username)
      const make = async () => {
        const body = { name: 'backup', scope: 'items:read' }
        return (await here.call('POST', '/me/keys', body, { token })).json()
      }
      const scopeOf = async ({ key }: { readonly key: string }) =>
        (await there.call('GET', '/me', undefined, { token: key })).json().scope
      const [ended, kept] = [await make(), await make()]
      for (const each of [ended, kept]) assert.equal(await scopeOf(each), 'items:read')
      const end = await here.call('DELETE', `/me/keys/${ended.id}`, undefined, { token })
      assert.equal(end.statusCode, 204)
      assert.equal(await statusOf(there, ended.key), 401)
      await administer(here, 'PUT', `${userId}/role`, { role: 'member' })
      assert.equal(await scopeOf(kept), '')
      await administer(here, 'POST', `${userId}/deactivate`)
      assert.equal(await statusOf(there, kept.key), 401)
    }
  })

  test('a promotion demands a factor at the very next request of the other process (AC-85)', async () => {
    for (const [here, there] of turns()) {
      const username = nextName()
      const userId = await here.user(username)
      const before = await there.login(username)
      assert.equal(await statusOf(there, before), 200)
      await administer(here, 'PUT', `${userId}/role`, { role: 'admin' })
      const refused = await there.call('GET', '/me', undefined, { token: before })
      assert.equal(refused.statusCode, 401)
      assert.match(String(refused.headers['www-authenticate']), /acr_values="2fa"/)
      const { mfa_token: token } = (await password(there, username)).json()
      const begun = await here.call('POST', '/me/factors/totp', {}, { token })
      const device = deviceOf(here, begun.json())
      const answers = await pair().atOnce(10, (at) => confirm(at, token, device, device.code()))
      const [good, ...more] = answers.filter(({ statusCode }) => statusCode === 200)
      assert.deepEqual(more, [], 'a token that leads to a factor is good once')
      assert.equal(await statusOf(there, good?.json().access_token), 200)
    }
  })

  test('factors that an administrator ends at one are gone at the other, with all sessions (AC-87)', async () => {
    for (const [here, there] of turns()) {
      const username = nextName()
      const { userId, device } = await enrol(there, username)
      const { access_token: token } = await logInWithBoth(there, username, device)
      const waiting = await mfaToken(there, username)
      assert.equal(await statusOf(there, token), 200)
      await administer(here, 'DELETE', `${userId}/factors`)
      assert.equal(await statusOf(there, token), 401)
      assert.equal(errorOf(await showOtp(there, waiting, device.code())), '400 expired_token')
      assert.equal((await password(there, username)).statusCode, 200)
    }
  })
})
