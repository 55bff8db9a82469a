// The ready server with a list of stolen passwords: every route that sets one refuses those.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { ConfigError } from '../../src/core/errors.ts'
import { buildApp } from '../../src/server/app.ts'
import { openAuth } from '../../src/server/open-auth.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { listOf } from '../core/passwords/breach-server.ts'
import { goodPassword } from '../fixtures.ts'
import { recentToken } from './fixtures.ts'

const stolen = 'seven quiet otters juggle'
const sentence = 'The password is in a list of stolen passwords: choose another one.'

test('every route that sets a password refuses a stolen one, and others are set (AC-43)', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'pwned.txt')
  const config = readConfig({ DATA_DIR: join(directory, 'data'), BREACHED_PASSWORDS: file })
  await assert.rejects(openAuth(config), ConfigError)

  writeFileSync(file, listOf([stolen]))
  const auth = await openAuth(config)
  const app = await buildApp({ auth })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  const admin = { username: 'alice', role: 'admin', password: goodPassword }
  const { id } = await auth.users.create(admin)
  const authorization = `Bearer ${await recentToken(auth, id)}`
  const routes = [
    ['POST', '/admin/users', (password: string) => ({ username: 'bob', password }), 201],
    ['PUT', `/admin/users/${id}/password`, (password: string) => ({ password }), 204],
  ] as const
  for (const [method, url, bodyOf, status] of routes) {
    const send = (password: string) =>
      app.inject({ method, url, headers: { authorization }, payload: bodyOf(password) })
    const refused = await send(stolen)
    assert.equal(refused.statusCode, 422)
    assert.equal(refused.json().detail, sentence)
    assert.equal((await send(goodPassword)).statusCode, status)
  }

  const token = `Bearer ${await createAccessToken(auth, id)}`
  const changed = await app.inject({
    method: 'PUT',
    url: '/me/password',
    headers: { authorization: token },
    payload: { old_password: goodPassword, new_password: stolen },
  })
  assert.deepEqual([changed.statusCode, changed.json().detail], [422, sentence])
})
