// Codes of authenticator apps: each once, near their time, and few wrong ones.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAbsent } from '../../canaries.ts'
import { goodPassword } from '../../fixtures.ts'
import { onEveryEngine, type Site, type SiteOptions } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import {
  begin,
  confirm,
  type Device,
  decodeBase32,
  enrol,
  errorOf,
  logInWithBoth,
  mfaToken,
  password,
  showOtp,
  showRecovery,
} from './device.ts'

const on: SiteOptions = { auth: { factors: {} } }

/** The outcome of a code in a login of its own. */
const tryCode = async (site: Site, otp: string, from?: string): Promise<string> =>
  errorOf(await showOtp(site, await mfaToken(site, 'alice'), otp, from))

/** Wrong codes from one source after the other, each in a login of its own, as soon as the wait is over. */
async function failOften(site: Site, device: Device, times: number): Promise<void> {
  for (let each = 0; each < times; each++) {
    const answer = await showOtp(site, await mfaToken(site, 'alice'), device.wrong())
    assert.equal(errorOf(answer), '400 invalid_grant', `try ${each}`)
    site.clock.advance(900)
  }
}

onEveryEngine((open) => {
  test('a step is good once, and no older one after a newer one (AC-63)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const twin = await site.twin()
    const code = device.code()
    assert.equal(await tryCode(site, code), '200 OK')
    for (const each of [site, twin]) assert.equal(await tryCode(each, code), '400 invalid_grant')
    assert.equal(await tryCode(twin, device.code(1)), '200 OK')
    for (const steps of [-1, 0, 1]) {
      assert.equal(await tryCode(site, device.code(steps)), '400 invalid_grant')
    }
  })

  test('of 50 logins with one code, in two processes, one succeeds (AC-63)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const twin = await site.twin()
    const tokens: string[] = []
    for (let each = 0; each < 50; each++) tokens.push(await mfaToken(site, 'alice'))
    const answers = await Promise.all(
      tokens.map((token, index) => showOtp(index % 2 ? site : twin, token, device.code())),
    )
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  })

  test('the code that confirms an app is used up (AC-64)', async () => {
    const site = await open(on)
    await site.user('alice')
    const token = await site.login('alice')
    const device = await begin(site, token)
    const code = device.code()
    assert.equal((await confirm(site, token, device, code)).statusCode, 200)
    assert.equal(await tryCode(site, code), '400 invalid_grant')
    assert.equal(await tryCode(site, device.code(1)), '200 OK')
  })

  test('a code is good one step early and one late, and a clock that is set back accepts nothing used (AC-65)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    site.clock.advance(300)
    for (const steps of [-2, 2]) {
      assert.equal(await tryCode(site, device.code(steps)), '400 invalid_grant')
    }
    for (const steps of [-1, 0, 1]) assert.equal(await tryCode(site, device.code(steps)), '200 OK')
    const used = [-1, 0, 1].map((steps) => device.code(steps))
    site.clock.advance(-30)
    for (const code of used) assert.equal(await tryCode(site, code), '400 invalid_grant')
  })

  test('wrong codes count for the user, over logins and kinds, whatever passwords were right (AC-66)', async () => {
    const site = await open(on)
    const { device, recoveryCodes } = await enrol(site, 'alice')
    const twin = await site.twin()
    const wrongCode =
      recoveryCodes[0]?.replace(/^./, (letter) => (letter === 'a' ? 'b' : 'a')) ?? ''
    // Each in a login of its own, whose password is right, and from another address.
    for (let each = 0; each < 6; each++) {
      const at = each % 2 ? site : twin
      const token = await mfaToken(at, 'alice')
      const answer =
        each < 3 ? showOtp(at, token, device.wrong()) : showRecovery(at, token, wrongCode)
      assert.equal(errorOf(await answer), '400 invalid_grant')
    }
    const token = await mfaToken(site, 'alice')
    for (const [at, answer] of [
      ['code', showOtp(site, token, device.code())],
      ['recovery code', showRecovery(twin, token, recoveryCodes[1] ?? '')],
    ] as const) {
      const { statusCode, headers } = await answer
      assert.deepEqual([statusCode, headers['retry-after']], [429, '1'], at)
    }
    site.clock.advance(30)
    const answer = await showOtp(site, token, device.code())
    assert.equal(answer.statusCode, 200, 'a wait uses up no try and no token')
  })

  test('a hundred wrong codes in a row disable apps, until a recovery code (AC-66)', async () => {
    const site = await open(on)
    const { userId, device, recoveryCodes } = await enrol(site, 'alice')
    await failOften(site, device, 100)
    const mails = await site.sent()
    assert.equal(mails.filter(({ kind }) => kind === 'factor_locked').length, 1)
    const [event] = await site.auth.events.list({ userId, type: 'factor_locked' })
    assert.deepEqual(event?.details, { failures: 100, known_source: false })
    site.clock.advance(90 * 86_400)
    const token = await mfaToken(site, 'alice')
    assert.equal((await showOtp(site, token, device.code())).statusCode, 429)
    assert.equal((await password(site, 'alice', { otp: device.code() })).statusCode, 401)
    assert.equal((await showRecovery(site, token, recoveryCodes[0] ?? '')).statusCode, 200)
    assert.equal(await tryCode(site, device.code()), '200 OK')
  })

  test('a hundred wrong codes keep nobody out whose source is known, and an administrator ends the lock (AC-66, AC-67)', async () => {
    const site = await open(on)
    const { userId, device } = await enrol(site, 'alice')
    const home = '192.0.2.1'
    const known = await showOtp(site, await mfaToken(site, 'alice'), device.code(), home)
    assert.equal(known.statusCode, 200)
    site.clock.advance(30)
    await failOften(site, device, 100)
    assert.equal(
      errorOf(await showOtp(site, await mfaToken(site, 'alice'), device.code())).slice(0, 3),
      '429',
    )
    assert.equal(await tryCode(site, device.code(), home), '200 OK')
    await site.auth.factors?.reset(userId)
    const token = await site.login('alice')
    const another = await begin(site, token)
    assert.equal((await confirm(site, token, another, another.code())).statusCode, 200)
    site.clock.advance(30)
    assert.equal(await tryCode(site, another.code()), '200 OK')
  })

  test('a secret is shown once, sealed at rest, and opens in no other row (AC-68)', async () => {
    const site = await open(on)
    await site.user('alice')
    const token = await site.login('alice')
    const answer = await site.call('POST', '/me/factors/totp', { name: 'phone' }, { token })
    const { id, secret, otpauth_uri: uri, qr_svg: svg } = answer.json()
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.equal(
      uri,
      `otpauth://totp/auth.example.test:alice?secret=${secret}&issuer=auth.example.test&algorithm=SHA1&digits=6&period=30`,
    )
    assert.match(svg, /^<svg [^>]*>.*<\/svg>$/s)
    assert.doesNotMatch(svg, /<script|href|on[a-z]+=/)
    const listed = await site.call('GET', '/me/factors', undefined, { token })
    assert.deepEqual(listed.json(), { factors: [], recovery_codes_left: 0 })
    const rest = JSON.stringify(await site.dump())
    const bytes = decodeBase32(secret)
    assertAbsent(rest, {
      secret,
      hex: bytes.toString('hex'),
      base64url: bytes.toString('base64url'),
    })
    assert.ok(rest.includes(id))
  })

  test('recovery codes are digests at rest, and shown once (AC-72)', async () => {
    const site = await open(on)
    const { recoveryCodes, device } = await enrol(site, 'alice')
    const rest = JSON.stringify([await site.dump(), await site.sent()])
    const shown = Object.fromEntries(
      recoveryCodes.flatMap((code, at) => [
        [`code ${at}`, code],
        [`typed ${at}`, code.replaceAll('-', '').toUpperCase()],
      ]),
    )
    assert.equal(recoveryCodes.length, 8)
    assertAbsent(rest, { ...shown, token: await mfaToken(site, 'alice') })
    assertAbsent(JSON.stringify(await site.dump()), { token: await mfaToken(site, 'alice') })
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const listed = await site.call('GET', '/me/factors', undefined, { token })
    assert.equal(listed.json().recovery_codes_left, 8)
    assertAbsent(listed.body, shown)
  })

  test('an enrolment that is not confirmed changes no login, and ends after 10 minutes (AC-69)', async () => {
    const site = await open(on)
    await site.user('alice')
    const token = await site.login('alice')
    const [first, device] = [await begin(site, token), await begin(site, token)]
    const login = await password(site, 'alice')
    assert.equal(login.statusCode, 200)
    assertProblem(await confirm(site, token, first, first.code()), 404)
    site.clock.advance(599)
    const wrong = await confirm(site, token, device, device.wrong())
    assertProblem(wrong, 422)
    const late = await begin(site, (await password(site, 'alice')).json().access_token)
    site.clock.advance(600)
    assertProblem(await confirm(site, login.json().access_token, late, late.code()), 401)
    const again = (await password(site, 'alice')).json().access_token
    assertProblem(await confirm(site, again, late, late.code()), 404)
    assertProblem(await confirm(site, again, device, device.code()), 404)
    assert.equal(
      (
        await site.auth.authenticate({
          username: 'alice',
          password: goodPassword,
          address: '192.0.2.9',
        })
      )?.username,
      'alice',
    )
  })
})
