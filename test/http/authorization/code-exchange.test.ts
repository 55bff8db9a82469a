// Codes are exchanged by their own client, with what belongs to them, while their login is live.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import type { SessionRecord } from '../../../src/core/sessions/session-store.ts'
import { startEngines, storeOf } from '../../core/mail/engines.ts'
import {
  type Answered,
  callbackOf,
  challengeOf,
  createRelyingParty,
  type FlowTokens,
  type RelyingParty,
  verifier,
} from './relying-party.ts'

/** Fails unless it is the one refusal of codes. */
function assertInvalid({ status, body }: Answered): void {
  assert.equal(status, 400)
  assert.equal(body.error, 'invalid_grant')
  assert.equal(body.error_description, 'The authorization code is not valid')
}

async function typesOf({ auth }: RelyingParty): Promise<readonly string[]> {
  return (await auth.events.list({ limit: 50 })).map(({ type }) => type)
}

for (const { name, skip, create } of await startEngines()) {
  describe(`on ${name}`, { skip }, () => {
    let party: RelyingParty

    before(async () => {
      const store = storeOf(name, await create())
      party = await createRelyingParty({ store, keyEncryptionKey: randomBytes(32) })
    })
    after(async () => await party.auth.close())

    async function familyOf({ access_token }: FlowTokens): Promise<SessionRecord | null> {
      const verified = await party.auth.accessTokens.verify(access_token)
      return await party.auth[internals].store.sessions.find(String(verified?.claims.sid))
    }

    test('a code is exchanged for tokens of the session, which is a child of the browser session', async () => {
      const browser = await party.browser()
      const { status, body, headers } = await party.exchange(
        await party.code({ browser, scopes: ['openid', 'items:read'] }),
      )
      assert.equal(status, 200)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(body.scope, 'openid items:read')
      assert.equal(body.token_type, 'bearer')
      const family = await familyOf(body as unknown as FlowTokens)
      assert.deepEqual(
        [family?.parentId, family?.clientId, family?.offline, family?.kind],
        [browser.session.id, 'spa', false, 'login'],
      )
      assert.equal((await party.userinfo(String(body.access_token))).status, 200)
    })

    test('a challenge without a verifier, and the reverse, is refused (OP-07)', async () => {
      assertInvalid(await party.exchange(await party.code(), { code_verifier: null }))
      const bare = await party.code({ client: 'old', verifier: null })
      assertInvalid(await party.exchange(bare, { client: 'old' }))
      const right = await party.exchange(bare, { client: 'old', code_verifier: null })
      assert.equal(right.status, 200)
    })

    test('a verifier that is not the one leaves the code good for the right one (OP-08)', async () => {
      const flipped = Buffer.from(verifier)
      flipped[20] = verifier[20] === 'a' ? 98 : 97
      const code = await party.code()
      for (const wrong of [
        flipped.toString(),
        verifier.slice(1),
        `${verifier}+`,
        'a'.repeat(129),
        createHash('sha256').update(verifier).digest('base64url'),
      ]) {
        assertInvalid(await party.exchange(code, { code_verifier: wrong }))
      }
      assert.equal((await party.exchange(code)).status, 200)
      // What its challenge is made of, and yet no verifier.
      for (const bad of ['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(42)}+`, 'é'.repeat(43)]) {
        const weak = await party.code({ verifier: bad })
        assertInvalid(await party.exchange(weak, { code_verifier: bad }))
      }
      for (const length of [43, 128]) {
        const long = '-._~'.padEnd(length, 'aZ9')
        const other = await party.code({ verifier: long })
        assert.equal((await party.exchange(other, { code_verifier: long })).status, 200)
      }
    })

    test('a code has 256 bits, of which only a digest is stored (OP-09)', async () => {
      const code = await party.code()
      assert.match(code, /^pac_[\w-]{43}$/)
      assert.notEqual(await party.code(), code)
      const digest = createHash('sha256').update(code).digest('base64url')
      const { authorizationCodes } = party.auth[internals].store
      const stored = await authorizationCodes?.find(digest)
      assert.ok(stored)
      assert.ok(!JSON.stringify(stored).includes(code.slice(4)))
      assert.equal(stored.expiresAt - stored.createdAt, 60)
    })

    test('a code is good for 60 seconds (OP-09)', async () => {
      const [early, late] = [await party.code(), await party.code()]
      party.clock.advance(59)
      assert.equal((await party.exchange(early)).status, 200)
      party.clock.advance(1)
      assertInvalid(await party.exchange(late))
    })

    test('a code ends with its browser session and with the stamp of its user (OP-09, OP-93)', async () => {
      const browser = await party.browser()
      const ended = await party.code({ browser })
      await party.authorization.browserSessions.end(browser.session.id)
      assertInvalid(await party.exchange(ended))

      const bob = await party.browser('bob')
      const stamped = await party.code({ browser: bob })
      await party.auth.users.endSessions(bob.user.id)
      assertInvalid(await party.exchange(stamped))
      const request = { browser: bob, clientId: 'spa', scopes: [], redirectUri: 'x', nonce: null }
      assert.equal(await party.authorization.codes.issue({ ...request, codeChallenge: null }), null)
    })

    test('no code is made for a user who was deactivated or suspended, and none is exchanged (OP-93)', async () => {
      const { users } = party.auth
      for (const shutOut of ['deactivate', 'suspend'] as const) {
        const carol = await users.create({ username: shutOut, password: 'vivid harbor ladle ox' })
        const browser = await party.browser(shutOut)
        const code = await party.code({ browser })
        if (shutOut === 'deactivate') await users.deactivate(carol.id)
        else await users.suspend(carol.id, party.clock() + 3600)
        assertInvalid(await party.exchange(code))
        await assert.rejects(party.code({ browser }), /no code/)
      }
    })

    test('another client gets nothing for a code, which stays good for its own (OP-10)', async () => {
      const code = await party.code({ client: 'web' })
      assertInvalid(await party.exchange(code, { client: 'old' }))
      assert.equal((await typesOf(party))[0], 'authn_token_wrong_client')
      assertInvalid(await party.exchange(code, { client: 'spa' }))
      assert.equal((await party.exchange(code, { client: 'web' })).status, 200)
    })

    test('the redirect URI must be that of the authorization request (OP-11)', async () => {
      const code = await party.code()
      for (const uri of [null, 'https://spa.example.com/2', 'https://spa.example.com/callback/']) {
        assertInvalid(await party.exchange(code, { redirect_uri: uri }))
      }
      assert.equal((await party.exchange(code)).status, 200)
    })

    test('what is no code at all is refused alike, and a missing one as a missing parameter', async () => {
      assertInvalid(await party.exchange('pac_x'))
      assertInvalid(await party.exchange(`pac_${'A'.repeat(43)}`))
      const { status, body } = await party.exchange('', {})
      assert.deepEqual([status, body.error], [400, 'invalid_request'])
    })

    test('a client without the grant is refused before its code is looked at', async () => {
      const answered = await party.exchange(await party.code(), { client: 'login' })
      assert.deepEqual([answered.status, answered.body.error], [400, 'unauthorized_client'])
      const nobody = await party.exchange(await party.code(), { client_id: null })
      assert.deepEqual([nobody.status, nobody.body.error], [400, 'unauthorized_client'])
      const { status } = await party.exchange(await party.code({ client: 'web' }), {
        ...{ client: 'web', client_secret: 'wrong-secret-wrong-secret-wrong-secret' },
      })
      assert.equal(status, 401)
    })

    test('a code that is presented again later ends what it was exchanged for, at once (OP-13)', async () => {
      const code = await party.code()
      const { body } = await party.exchange(code)
      party.clock.advance(30)
      assert.equal((await party.userinfo(String(body.access_token))).status, 200)
      assertInvalid(await party.exchange(code))
      assert.equal((await party.userinfo(String(body.access_token))).status, 401)
      assert.equal((await party.refresh('spa', String(body.refresh_token))).status, 400)
      const [event] = await party.auth.events.list({ limit: 1 })
      assert.equal(event?.type, 'authn_code_reuse')
      assert.ok(!JSON.stringify(event).includes(code))
    })

    test('within the grace the same client may repeat itself: refused, and its session lives (OP-14)', async () => {
      const code = await party.code()
      const { body } = await party.exchange(code)
      party.clock.advance(10)
      assertInvalid(await party.exchange(code))
      assert.equal((await party.userinfo(String(body.access_token))).status, 200)
      // Not with another verifier, nor another client.
      assertInvalid(await party.exchange(code, { code_verifier: 'a'.repeat(43) }))
      assert.equal((await party.userinfo(String(body.access_token))).status, 401)

      const stolen = await party.code({ client: 'web' })
      const tokens = await party.exchange(stolen, { client: 'web' })
      assertInvalid(await party.exchange(stolen, { client: 'old' }))
      assert.equal((await party.userinfo(String(tokens.body.access_token))).status, 401)
    })

    test('of twenty exchanges at once one succeeds, and its session lives (OP-12)', async () => {
      for (const client of ['spa', 'quiet']) {
        const browser = await party.browser()
        const code = await party.code({ browser, client })
        const answers = await Promise.all(
          Array.from({ length: 20 }, async () => await party.exchange(code, { client })),
        )
        const [won, ...others] = answers.filter(({ status }) => status === 200)
        assert.deepEqual(others, [])
        for (const answer of answers) if (answer !== won) assertInvalid(answer)
        assert.equal((await party.userinfo(String(won?.body.access_token))).status, 200)
        const { sessions } = party.auth[internals].store
        const opened = await sessions.listChildren(browser.session.id, client, party.clock())
        assert.equal(opened.length, 1)
      }
    })

    test('without PKCE a repeated code always ends the session (OP-14)', async () => {
      const bare = { client: 'old', code_verifier: null }
      const code = await party.code({ client: 'old', verifier: null })
      const { body } = await party.exchange(code, bare)
      assertInvalid(await party.exchange(code, bare))
      assert.equal((await party.userinfo(String(body.access_token))).status, 401)
    })

    test('a client without refresh tokens has one session for each browser session', async () => {
      const browser = await party.browser()
      const options = { browser, client: 'quiet' }
      const first = await party.tokens({ ...options, scopes: ['openid'] })
      party.clock.advance(20)
      const second = await party.tokens({ ...options, scopes: ['openid', 'email'] })
      assert.equal((await familyOf(first))?.id, (await familyOf(second))?.id)
      assert.deepEqual([first.refresh_token, second.refresh_token], [undefined, undefined])
      const elsewhere = await party.tokens({ client: 'quiet' })
      assert.notEqual((await familyOf(elsewhere))?.id, (await familyOf(first))?.id)
    })

    test('one with refresh tokens has five at most in a browser session, and the oldest ends', async () => {
      const browser = await party.browser()
      const tokens: FlowTokens[] = []
      for (let count = 0; count < 7; count++) tokens.push(await party.tokens({ browser }))
      const statuses = await Promise.all(
        tokens.map(async ({ access_token }) => (await party.userinfo(access_token)).status),
      )
      assert.deepEqual(statuses, [401, 401, 200, 200, 200, 200, 200])
    })

    test('a client that has lost the grant, the redirect URI or a scope gets nothing for its code (OP-92)', async () => {
      const { auth } = party
      const redirectUris = ['https://late.example.com/callback']
      const add = async (id: string): Promise<string> => {
        const grants = ['authorization_code', 'refresh_token']
        const scopes = ['items:read', 'items:write']
        await auth.clients.register({ id, confidential: false, grants, scopes, redirectUris })
        const browser = await party.browser()
        const request = { browser, clientId: id, redirectUri: String(redirectUris[0]), nonce: null }
        const granted = { scopes: ['openid', 'items:write'], codeChallenge: challengeOf(verifier) }
        await party.authorization.consents.allow(browser.user.id, id, granted.scopes)
        return String(await party.authorization.codes.issue({ ...request, ...granted }))
      }
      const fields = { redirect_uri: String(redirectUris[0]) }
      assert.equal(
        (await party.exchange(await add('kept'), { client: 'kept', ...fields })).status,
        200,
      )

      const code = await add('grantless')
      await auth.clients.update('grantless', { grants: ['password'] })
      const { body } = await party.exchange(code, { client: 'grantless', ...fields })
      assert.equal(body.error, 'unauthorized_client')

      const moved = await add('moved')
      await auth.clients.update('moved', { redirectUris: ['https://late.example.com/other'] })
      assertInvalid(await party.exchange(moved, { client: 'moved', ...fields }))

      const narrowed = await add('narrowed')
      await auth.clients.update('narrowed', { scopes: ['items:read'] })
      assertInvalid(await party.exchange(narrowed, { client: 'narrowed', ...fields }))
    })

    test('a code is worth nothing without the consent that it was made of (OP-43)', async () => {
      const browser = await party.browser()
      const { codes, consents } = party.authorization
      await consents.withdraw(browser.user.id, 'web')
      const redirectUri = callbackOf('web')
      const request = { browser, clientId: 'web', redirectUri, nonce: null }
      const granted = { scopes: ['openid'], codeChallenge: challengeOf(verifier) }
      // Made of a consent that was read before it was withdrawn.
      const code = String(await codes.issue({ ...request, ...granted }))
      assertInvalid(await party.exchange(code, { client: 'web' }))
      await consents.allow(browser.user.id, 'web', ['openid'])
      assert.equal((await party.exchange(code, { client: 'web' })).status, 200)
    })

    test('no code, verifier or secret is in what is recorded (OP-79)', async () => {
      const code = await party.code()
      await party.exchange(code)
      await party.exchange(code, { code_verifier: 'b'.repeat(43) })
      const recorded = JSON.stringify(await party.auth.events.list({ limit: 200 }))
      for (const secret of [code, code.slice(4), verifier, 'b'.repeat(43)]) {
        assert.ok(!recorded.includes(secret))
      }
    })
  })
}
