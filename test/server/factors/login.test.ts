// A login that needs a second factor: the token endpoint's two requests, and the one that has it all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodPassword } from '../../fixtures.ts'
import { onEveryEngine, type Site, type SiteOptions } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import {
  claimsOf,
  enrol,
  errorOf,
  grant,
  logInWithBoth,
  mfaToken,
  otpGrant,
  password,
  showOtp,
  showRecovery,
} from './device.ts'

const on: SiteOptions = { auth: { factors: {} } }

const logins = async (site: Site, userId: string) =>
  (await site.auth.events.list({ userId, type: 'authn_login_success' })).length

onEveryEngine((open) => {
  test('the password alone opens nothing: 403, and a token to go on with (AC-77)', async () => {
    const site = await open(on)
    const { userId } = await enrol(site, 'alice')
    const [sessions, before] = [
      (await site.auth.sessions.list(userId)).length,
      await logins(site, userId),
    ]
    const answer = await password(site, 'alice')
    const { mfa_token, ...body } = answer.json()
    assert.deepEqual(
      [answer.statusCode, body],
      [
        403,
        {
          error: 'mfa_required',
          error_description: 'A second factor is needed',
          detail: 'A second factor is needed',
          expires_in: 300,
          mfa_requirements: { challenge: [{ type: 'otp' }, { type: 'recovery-code' }] },
        },
      ],
    )
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.match(mfa_token, /^pmt_[\w-]{43}$/)
    assert.equal((await site.auth.sessions.list(userId)).length, sessions)
    assert.equal(await logins(site, userId), before)
    // Nobody learns from a wrong password who has one.
    await site.user('bob')
    const wrong = await Promise.all(
      ['alice', 'bob', 'nobody'].map((name) => password(site, name, { password: 'wrong' })),
    )
    for (const each of wrong) {
      assert.deepEqual([each.statusCode, each.body], [401, wrong[0]?.body])
    }
  })

  test('the code opens the session that the password did not, with what was asked for (AC-77, AC-79)', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice', 'admin')
    const scope = 'users:read users:write'
    const first = await password(site, 'alice', { scope })
    const token = first.json().mfa_token
    for (const wider of ['events:read', 'users:read events:read', '*']) {
      const refused = await grant(site, {
        ...{ grant_type: otpGrant, mfa_token: token, otp: device.code(), scope: wider },
      })
      assert.equal(errorOf(refused), '400 invalid_scope')
    }
    const before = await logins(site, userId)
    const answer = await showOtp(site, token, device.code())
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.json().scope, scope)
    const { acr, amr, auth_time } = claimsOf(answer.json().access_token)
    assert.deepEqual([acr, amr, auth_time], ['2fa', ['pwd', 'otp', 'mfa'], site.clock()])
    assert.equal(await logins(site, userId), before + 1)
    const me = await site.call('GET', '/me', undefined, { token: answer.json().access_token })
    assert.equal(me.json().username, 'alice')
  })

  test('clients of Auth0 are understood: its names of the grants, and its member of codes', async () => {
    const site = await open(on)
    const { device, recoveryCodes } = await enrol(site, 'alice')
    const [code = ''] = recoveryCodes
    const otp = await grant(site, {
      grant_type: 'http://auth0.com/oauth/grant-type/mfa-otp',
      ...{ mfa_token: await mfaToken(site, 'alice'), otp: device.code() },
    })
    assert.equal(otp.statusCode, 200, otp.body)
    const recovery = await grant(site, {
      grant_type: 'http://auth0.com/oauth/grant-type/mfa-recovery-code',
      ...{ mfa_token: await mfaToken(site, 'alice'), recovery_code: code },
    })
    assert.deepEqual([recovery.statusCode, recovery.json().recovery_codes_left], [200, 7])
  })

  test('another client than the one that began cannot go on (AC-79)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const token = await mfaToken(site, 'alice')
    await site.auth.clients.register({ id: 'spa', confidential: false })
    const refused = await grant(site, {
      ...{ grant_type: otpGrant, mfa_token: token, otp: device.code(), client_id: 'spa' },
    })
    assert.equal(errorOf(refused), '400 invalid_grant')
    assert.equal((await showOtp(site, token, device.code())).statusCode, 200)
  })

  test('five wrong codes, five minutes or one success end the token, and the right code is refused then (AC-78)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const tried = await mfaToken(site, 'alice')
    for (let tries = 1; tries <= 4; tries++) {
      assert.equal(errorOf(await showOtp(site, tried, device.wrong())), '400 invalid_grant')
    }
    const used = await mfaToken(site, 'alice')
    assert.equal((await showOtp(site, used, device.code())).statusCode, 200)
    site.clock.advance(30)
    assert.equal(errorOf(await showOtp(site, used, device.code())), '400 expired_token')
    assert.equal(errorOf(await showOtp(site, tried, device.wrong())), '400 invalid_grant')
    assert.equal(errorOf(await showOtp(site, tried, device.code())), '400 expired_token')
    const old = await mfaToken(site, 'alice')
    site.clock.advance(299)
    const young = await mfaToken(site, 'alice')
    site.clock.advance(1)
    assert.equal(errorOf(await showOtp(site, old, device.code())), '400 expired_token')
    assert.equal((await showOtp(site, young, device.code())).statusCode, 200)
    for (const token of ['', 'pmt_', `pmt_${'x'.repeat(43)}`, `${young}x`]) {
      assert.match(
        errorOf(await showOtp(site, token, device.code())),
        /expired_token|invalid_request/,
      )
    }
  })

  test('of 50 with one token and one code, in two processes, one logs in (AC-63, AC-78)', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice')
    const twin = await site.twin()
    const token = await mfaToken(site, 'alice')
    const before = await logins(site, userId)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        showOtp(index % 2 ? site : twin, token, device.code()),
      ),
    )
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
    assert.equal(await logins(site, userId), before + 1)
  })

  test('a token of a login passes nowhere else, and nothing else passes for it (AC-78)', async () => {
    const site = await open(on)
    const { device, token: accessToken } = await enrol(site, 'alice')
    const token = await mfaToken(site, 'alice')
    for (const [method, url] of [
      ...[['GET', '/me'] as const, ['GET', '/me/factors'] as const],
      ...[['POST', '/me/recovery-codes'] as const, ['GET', '/me/sessions'] as const],
      ['GET', '/admin/users'] as const,
    ]) {
      assertProblem(await site.call(method, url, undefined, { token }), 401)
    }
    // It is one to show a factor with, not to set one up with.
    assertProblem(await site.call('POST', '/me/factors/totp', {}, { token }), 401)
    const resets = { token, password: 'nine brave lanterns whisper' }
    for (const url of ['/auth/password-reset/complete', '/auth/register/complete']) {
      assert.notEqual(Math.floor((await site.call('POST', url, resets)).statusCode / 100), 2)
    }
    const refresh = await grant(site, { grant_type: 'refresh_token', refresh_token: token })
    assert.equal(errorOf(refresh), '400 invalid_grant')
    const { refresh_token } = await logInWithBoth(site, 'alice', device)
    for (const other of [accessToken, refresh_token]) {
      assert.equal(errorOf(await showOtp(site, other, device.code())), '400 expired_token')
    }
  })

  test('a deactivation, a new password or a reset of factors in between ends it (AC-80)', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice')
    const { users, factors } = site.auth
    for (const change of [
      () => users.setPassword(userId, goodPassword),
      async () => {
        await users.deactivate(userId)
        await users.reactivate(userId)
      },
      () => users.endSessions(userId),
      () => factors?.reset(userId),
    ]) {
      const token = await mfaToken(site, 'alice')
      await change()
      assert.equal(errorOf(await showOtp(site, token, device.code())), '400 expired_token')
    }
  })

  test('one login spends one recovery code at most, and is told of by mail (AC-74, AC-76)', async () => {
    const site = await open(on)
    const { userId, recoveryCodes, device } = await enrol(site, 'alice')
    await site.sent()
    const twin = await site.twin()
    const token = await mfaToken(site, 'alice')
    const answers = await Promise.all(
      recoveryCodes.map((code, index) => showRecovery(index % 2 ? site : twin, token, code)),
    )
    const good = answers.filter(({ statusCode }) => statusCode === 200)
    assert.equal(good.length, 1)
    assert.equal(await site.auth.factors?.recoveryCodesLeft(userId), 7)
    const mails = [...(await site.sent()), ...(await twin.sent())]
    const told = mails.filter(({ kind }) => kind === 'recovery_code_used')
    assert.equal(told.length, 1)
    assert.match(told[0]?.text ?? '', /left: 7/)
    // In the place of a password it is none.
    const [, , another = ''] = recoveryCodes
    assert.equal(errorOf(await password(site, 'alice', { password: another })), '401 invalid_grant')
    assert.equal((await site.auth.factors?.list(userId))?.length, 1, 'the factor stays')
    await logInWithBoth(site, 'alice', device)
  })

  test('a recovery code is good once, of 50 at the same time (AC-73)', async () => {
    const site = await open(on)
    const { recoveryCodes } = await enrol(site, 'alice')
    const twin = await site.twin()
    const [code = ''] = recoveryCodes
    const tokens = []
    for (let each = 0; each < 50; each++) tokens.push(await mfaToken(site, 'alice'))
    const answers = await Promise.all(
      tokens.map((token, index) => showRecovery(index % 2 ? site : twin, token, code)),
    )
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  })

  test('a password and a code in one request: a wrong one of either is one answer, and counts (AC-89)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const good = await password(site, 'alice', { otp: device.code() })
    assert.deepEqual([good.statusCode, claimsOf(good.json().access_token).acr], [200, '2fa'])
    const again = await password(site, 'alice', { otp: device.code() })
    site.clock.advance(30)
    const otp = device.code()
    const wrongs = [
      again,
      await password(site, 'alice', { otp: device.wrong() }),
      await password(site, 'alice', { otp, password: 'wrong' }),
      await password(site, 'alice', { password: 'wrong' }),
    ]
    for (const each of wrongs) {
      assert.deepEqual([each.statusCode, each.body], [401, wrongs[3]?.body])
      assert.deepEqual(Object.keys(each.headers), Object.keys(wrongs[3]?.headers ?? {}))
    }
    // Wrong codes make the password wait, too: five are free, and the sixth makes the next one wait.
    await password(site, 'alice', { otp: device.wrong() })
    await password(site, 'alice', { otp: device.wrong() })
    assert.equal((await password(site, 'alice', { otp: device.wrong() })).statusCode, 429)
    // Whoever has no factor may send one.
    await site.user('bob')
    const bob = await password(site, 'bob', { otp: '123456' })
    assert.deepEqual([bob.statusCode, claimsOf(bob.json().access_token).acr], [200, '1fa'])
  })

  test('the event of a password with a code says which of them was wrong, or that there is no such user (AC-89)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const otp = device.code()
    await password(site, 'nobody', { otp })
    await password(site, 'alice', { otp, password: 'wrong' })
    await password(site, 'alice', { otp: device.wrong() })
    const events = await site.auth.events.list({ type: 'authn_login_fail' })
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['wrong code with the password', 'wrong password', 'no such user'],
    )
  })

  test('without the option nothing of it is there', async () => {
    const site = await open()
    await site.user('alice')
    const token = await site.login('alice')
    for (const [method, url] of [
      ...[['GET', '/me/factors'] as const, ['POST', '/me/factors/totp'] as const],
      ['POST', '/me/recovery-codes'] as const,
    ]) {
      assertProblem(await site.call(method, url, {}, { token }), 404)
    }
    assert.equal(errorOf(await showOtp(site, 'pmt_x', '123456')), '400 unsupported_grant_type')
    const document = JSON.stringify((await site.call('GET', '/openapi.json')).json())
    assert.doesNotMatch(document, /mfa_token|me.factors|recovery-codes|"otp"/)
    assert.equal(site.auth.factors, null)
  })
})
