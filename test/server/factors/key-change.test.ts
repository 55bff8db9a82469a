// What becomes of everything that a key protects when that key is changed, and when the one before is dropped.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import { ConfigError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { deriveKey } from '../../../src/core/keys/keyed-digest.ts'
import { unseal } from '../../../src/core/keys/sealed-box.ts'
import type { Resealed } from '../../../src/core/resealing.ts'
import { hostedLogin } from '../../../src/hosted-login/index.ts'
import { goodPassword } from '../../fixtures.ts'
import { onEveryEngine, type Site, type SiteOptions } from '../accounts/site.ts'
import { enrol, errorOf, grant, logInWithBoth, mfaToken, showOtp } from './device.ts'

const [oldKey, newKey, strangeKey] = [1, 2, 3].map(() => new Uint8Array(randomBytes(32))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const [oldSecret, newSecret] = [1, 2].map(() => randomBytes(32).toString('hex')) as [string, string]

/** The options before a change of the key, after it, and when the key of before is dropped. */
interface Change {
  readonly before: Partial<AuthOptions>
  /** What every process is given first: the key that is to come is accepted. */
  readonly prepared: Partial<AuthOptions>
  readonly after: Partial<AuthOptions>
  readonly dropped: Partial<AuthOptions>
}

const changes: Readonly<Record<string, Change>> = {
  'the key-encryption key': {
    before: { keyEncryptionKey: oldKey },
    prepared: { keyEncryptionKey: oldKey, previousKeyEncryptionKeys: [newKey] },
    after: { keyEncryptionKey: newKey, previousKeyEncryptionKeys: [oldKey] },
    dropped: { keyEncryptionKey: newKey, previousKeyEncryptionKeys: [] },
  },
  'the secret key': {
    before: { secretKey: oldSecret },
    prepared: { secretKey: oldSecret, previousSecretKeys: [newSecret] },
    after: { secretKey: newSecret, previousSecretKeys: [oldSecret] },
    dropped: { secretKey: newSecret, previousSecretKeys: [] },
  },
}
const kek = changes['the key-encryption key'] as Change

function siteOptions(change: Change): SiteOptions {
  return {
    auth: { factors: {}, hostedLogin: hostedLogin(), ...change.before },
    accounts: { registration: 'open' },
  }
}

const refresh = (site: Site, token: string) =>
  grant(site, { grant_type: 'refresh_token', refresh_token: token })
const statusOfMe = async (site: Site, token: string): Promise<number> =>
  (await site.call('GET', '/me', undefined, { token })).statusCode
const accept = async (site: Site, token: string, username: string): Promise<number> => {
  const body = { token, username, password: goodPassword }
  return (await site.call('POST', '/auth/invitation/accept', body)).statusCode
}

async function reseal(site: Site): Promise<Resealed> {
  const { resealing } = site.auth[internals]
  assert.ok(resealing)
  return await resealing.run({ actor: 'cli:test' })
}

const recorded = async (site: Site) =>
  (await site.auth.events.list({ type: 'secrets_resealed', limit: 9 })).map(
    ({ actor, details }) => [actor, details?.signing_keys, details?.factors],
  )

/** The cookie of a browser that somebody has logged in with. */
async function browserCookie(site: Site, userId: string): Promise<string> {
  const { store, hosted } = site.auth[internals]
  const user = await store.users.findById(userId)
  assert.ok(user && hosted)
  const authentication = { authenticatedAt: site.clock(), acr: '2fa', amr: ['pwd', 'otp', 'mfa'] }
  const opened = await hosted.authorization.browserSessions.open(user, {
    ...{ authentication: authentication as never, userAgent: undefined },
  })
  assert.ok(opened)
  return opened.cookie
}

const readsCookie = async (site: Site, cookie: string): Promise<boolean> =>
  (await site.auth[internals].hosted?.authorization.browserSessions.read(cookie)) != null

onEveryEngine((open) => {
  for (const [what, change] of Object.entries(changes)) {
    test(`a change of ${what} logs nobody out, and neither does dropping the one before (KM-12)`, async () => {
      const site = await open(siteOptions(change))
      const { userId, device } = await enrol(site, 'alice')
      const idle = await enrol(site, 'bob')
      const tokens = await logInWithBoth(site, 'alice', device)
      const pending = await mfaToken(site, 'alice')
      const cookie = await browserCookie(site, userId)
      for (const name of ['first', 'second']) {
        await site.auth.accounts.invitations?.create({ email: `${name}@example.com` })
      }
      const links = (await site.sent()).filter(({ kind }) => kind === 'invitation')
      const [first, second] = links.map(({ link }) => new URL(link ?? '').hash.slice(7))
      await site.call('POST', '/auth/password-reset', { email: 'bob@example.com' })

      const after = await site.twin(change.after)
      assert.equal(await statusOfMe(after, tokens.access_token), 200)
      assert.equal(await readsCookie(after, cookie), true)
      assert.equal(errorOf(await showOtp(after, pending, device.code())), '200 OK')
      site.clock.advance(30)
      assert.equal(await accept(after, first ?? '', 'one'), 201)
      const waiting = await after.tokenOf('password_reset')
      const refreshed = await refresh(after, tokens.refresh_token)
      assert.equal(refreshed.statusCode, 200, refreshed.body)
      const resealed = await reseal(after)
      assert.equal(resealed.unreadable, 0)
      assert.ok(resealed.factors >= 1, 'that of somebody who has not logged in')

      const dropped = await site.twin(change.dropped)
      const { access_token, refresh_token } = refreshed.json()
      assert.equal(await statusOfMe(dropped, access_token), 200)
      assert.equal(errorOf(await refresh(dropped, refresh_token)), '200 OK')
      await logInWithBoth(dropped, 'alice', device)
      await logInWithBoth(dropped, 'bob', idle.device)
      assert.equal(await accept(dropped, second ?? '', 'two'), 201)
      const body = { token: waiting, password: 'nine brave lanterns whisper' }
      const reset = await dropped.call('POST', '/auth/password-reset/complete', body)
      assert.equal(reset.statusCode, 204, reset.body)
      assert.equal(dropped.auth[internals].resealing, null)
    })

    test(`what nobody renewed under ${what} of before is refused when that is dropped (KM-12)`, async () => {
      const site = await open(siteOptions(change))
      const { userId, device } = await enrol(site, 'alice')
      const { refresh_token } = await logInWithBoth(site, 'alice', device)
      const cookie = await browserCookie(site, userId)
      await reseal(await site.twin(change.after))
      const dropped = await site.twin(change.dropped)
      assert.equal(errorOf(await refresh(dropped, refresh_token)), '400 invalid_grant')
      assert.equal(await readsCookie(dropped, cookie), false)
    })

    test(`secrets under ${what} of before move, of users who do not log in too, and say so once (KM-13)`, async () => {
      const site = await open(siteOptions(change))
      const { userId } = await enrol(site, 'alice')
      const { store } = site.auth[internals]
      const [sample] = (await store.factors?.listByUser(userId)) ?? []
      assert.ok(sample)
      // More than a batch, and one of them of a key that is lost.
      for (let each = 0; each < 205; each++) {
        const id = await site.user(`user${each}`)
        await store.factors?.begin({ ...sample, id: uuidv7(), userId: id, sealedSecret: 'v1.lost' })
      }
      const device = await enrol(site, 'zoe')
      const after = await site.twin(change.after)
      const resealed = await reseal(after)
      assert.deepEqual([resealed.factors, resealed.unreadable], [2, 205])
      const signing = what === 'the key-encryption key' ? 1 : 0
      assert.equal(resealed.signingKeys, signing)
      assert.deepEqual(await recorded(after), [['cli:test', signing, 2]])
      await after.auth[internals].resealing?.maintain(new AbortController().signal)
      assert.equal((await recorded(after)).length, 1, 'there was nothing to do')
      await logInWithBoth(await site.twin(change.dropped), 'zoe', device.device)
    })

    test(`a move from ${what} of before that was stopped is not told as done (KM-13)`, async () => {
      const site = await open(siteOptions(change))
      await enrol(site, 'alice')
      await site.auth.accounts.invitations?.create({ email: 'guest@example.com' })
      const expiresAt = (await site.dump()).one_time_tokens?.map((row) => Object(row).expires_at)
      const after = await site.twin(change.after)
      const { resealing } = after.auth[internals]
      const until = async () => {
        const [last] = await after.auth.events.list({ type: 'secrets_resealed', limit: 1 })
        return [last?.details?.factors, last?.details?.links_until, last?.details?.needed_until]
      }
      await resealing?.maintain(AbortSignal.abort())
      const linksUntil = Math.max(...(expiresAt ?? []).map(Number))
      assert.deepEqual(await until(), [1, linksUntil, undefined])
      await resealing?.maintain(new AbortController().signal)
      const [factors, links, needed] = await until()
      assert.deepEqual([factors, links], [0, linksUntil], 'what was moved before is not forgotten')
      assert.ok(Number(needed) >= linksUntil)
    })

    test(`two processes that move secrets of ${what}, and logins meanwhile, lose nothing (KM-13)`, async () => {
      const site = await open(siteOptions(change))
      const users = await Promise.all(
        ['ann', 'ben', 'cat', 'dan'].map(async (name) => ({ name, ...(await enrol(site, name)) })),
      )
      const still = await site.twin(change.prepared)
      const [one, two] = [await site.twin(change.after), await site.twin(change.after)]
      const pending = await Promise.all(users.map(({ name }) => mfaToken(site, name)))
      const logins = users.map(({ device }, index) =>
        showOtp([one, still, two][index % 3] as Site, pending[index] ?? '', device.code()),
      )
      const [answers] = await Promise.all([Promise.all(logins), reseal(one), reseal(two)])
      assert.deepEqual(answers.map(errorOf), Array(4).fill('200 OK'))
      // A process of before may have sealed under its own key meanwhile.
      await reseal(one)
      const dropped = await site.twin(change.dropped)
      for (const { name, device } of users) {
        const again = await showOtp(dropped, await mfaToken(dropped, name), device.code())
        assert.equal(errorOf(again), '400 invalid_grant', 'a step that was used stays used')
      }
      site.clock.advance(30)
      for (const { name, device } of users) await logInWithBoth(dropped, name, device)
    })
  }

  test('a stolen key of before opens no row any more, but those of a backup (KM-14)', async () => {
    const site = await open(siteOptions(kek))
    const { device } = await enrol(site, 'alice')
    await site.auth.accounts.invitations?.create({ email: 'guest@example.com' })
    await site.sent()
    const backup = await openedBy(site, oldKey)
    assert.deepEqual(backup, { signing_keys: 1, factors: 1, one_time_tokens: 1 })
    const after = await site.twin(kek.after)
    await reseal(after)
    assert.deepEqual(await openedBy(site, oldKey), {
      ...{ signing_keys: 0, factors: 0, one_time_tokens: 0 },
    })
    assert.deepEqual(await openedBy(site, newKey), backup)
    await assert.rejects(site.twin(kek.before), ConfigError)
    await logInWithBoth(after, 'alice', device)
  })

  test('a wrong previous key is told in a sentence, and nothing starts (KM-12)', async () => {
    const site = await open(siteOptions(kek))
    const wrong = { keyEncryptionKey: newKey, previousKeyEncryptionKeys: [strangeKey] }
    await assert.rejects(site.twin(wrong), (error: ConfigError) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /none of the configured ones: .* \(KEY_ENCRYPTION_KEY_PREVIOUS\)/)
      return true
    })
    const [short, same] = [new Uint8Array(31), newKey]
    for (const [previous, said] of [
      [short, /^A previous key-encryption key must have exactly 32 bytes\.$/],
      [same, /^The key-encryption key and each previous one must differ from one another\.$/],
    ] as const) {
      const options = { keyEncryptionKey: newKey, previousKeyEncryptionKeys: [previous] }
      await assert.rejects(site.twin(options), { name: 'ConfigError', message: said })
    }
  })

  test('the record says until when something may need the key of before (KM-13)', async () => {
    const site = await open({
      ...siteOptions(kek),
      auth: { ...siteOptions(kek).auth, sessions: { idleLifetime: 3600, lifetime: 7200 } },
    })
    const bare = await site.twin(kek.after)
    assert.equal((await reseal(bare)).neededUntil, site.clock() + 7200, 'cookies are not renewed')
    const link = await open({
      auth: { ...kek.before, sessions: { idleLifetime: 3600 } },
      accounts: { registration: 'open' },
    })
    await link.auth.accounts.invitations?.create({ email: 'guest@example.com' })
    const { link: sent } = (await link.sent())[0] ?? {}
    assert.ok(sent)
    const expiry = link.clock() + 7 * 86400
    const after = await link.twin(kek.after)
    assert.equal((await reseal(after)).neededUntil, expiry)
    link.clock.advance(60)
    assert.equal((await reseal(after)).neededUntil, expiry, 'it is known though nothing moved')
    assert.equal((await link.auth.events.list({ type: 'secrets_resealed' })).length, 2)
  })
})

/** How many rows of each table a key opens. */
async function openedBy(site: Site, key: Uint8Array): Promise<Readonly<Record<string, number>>> {
  const { store } = site.auth[internals]
  const { keys } = await store.signingKeys.read()
  const factors = (await store.factors?.listSealed({ after: '', limit: 999 })) ?? []
  const tokens = (await store.oneTimeTokens?.list({ kind: 'invitation', limit: 999 })) ?? []
  const factorKey = deriveKey(key, 'portcullis second factors')
  const tokenKey = deriveKey(key, 'portcullis one-time tokens')
  const opened = (texts: readonly (string | null)[]): number =>
    texts.filter((text) => text !== null).length
  return {
    signing_keys: opened(
      keys.map(({ id, sealedPrivateKey }) => unseal(sealedPrivateKey, key, `signing key ${id}`)),
    ),
    factors: opened(
      factors.map(({ id, userId, sealedSecret }) =>
        unseal(sealedSecret ?? '', factorKey, `secret of the factor ${id} of ${userId}`),
      ),
    ),
    one_time_tokens: opened(
      tokens.map(({ kind, subject, payload }) =>
        unseal(payload, tokenKey, `one-time token ${kind} ${subject}`),
      ),
    ),
  }
}
