// What the tokens of a client of somebody else say of their user.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { createRelyingParty, type RelyingParty } from './relying-party.ts'

let party: RelyingParty

before(async () => {
  party = await createRelyingParty()
})
after(async () => {
  await party.auth.close()
})

test('no token of a third party says the role of its user, who has allowed no such thing (OP-40)', async () => {
  const browser = await party.browser()
  const foreign = await party.tokens({ browser, client: 'web', scopes: ['openid'] })
  const { roles, third_party: isForeign } = decodeJwt(foreign.access_token)
  assert.deepEqual([roles, isForeign], [undefined, true])
  const own = await party.tokens({ browser, client: 'spa', scopes: ['openid'] })
  const said = decodeJwt(own.access_token)
  assert.deepEqual([said.roles, said.third_party], [[browser.user.role], undefined])
})

test('introspection says of the token of a third party whose it is, and of its user what was allowed (OP-40)', async () => {
  const browser = await party.browser()
  const { username, role } = browser.user
  const said = async (scopes: readonly string[]): Promise<readonly unknown[]> => {
    const tokens = await party.tokens({ browser, client: 'web', scopes })
    const access = await party.introspect(tokens.access_token)
    const refresh = await party.introspect(tokens.refresh_token)
    assert.deepEqual([access.active, refresh.active], [true, true])
    return [access.third_party, access.roles, access.username, refresh.username]
  }
  const bare = await said(['openid', 'offline_access'])
  assert.deepEqual(bare, [true, undefined, undefined, undefined])
  const named = await said(['openid', 'offline_access', 'profile'])
  assert.deepEqual(named, [true, undefined, username, username])
  const own = await party.tokens({ browser, client: 'spa', scopes: ['openid'] })
  const { third_party: isForeign, roles, username: name } = await party.introspect(own.access_token)
  assert.deepEqual([isForeign, roles, name], [undefined, [role], username])
})
