// The endpoints of accounts, as every framework mounts them: the same answers.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mailbox } from '../../src/core/mail/mailbox.ts'
import { accountEndpoints } from '../../src/http/endpoints/account-endpoints.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { type Ask, mountEverywhere } from './every-framework.ts'

const accounts = {
  ...{ mailer: mailbox(), from: 'no-reply@example.com' },
  registration: 'open',
} as const
const prefix = '/api'

const asks: Record<string, Ask> = {}
const closing: (() => unknown)[] = []

/** The same endpoints, as each framework has them. */
async function mount(auth: TestAuth): Promise<Readonly<Record<string, Ask>>> {
  const mounted = await mountEverywhere(auth, { prefix })
  closing.push(() => mounted.close())
  return mounted.asks
}

before(async () => {
  const auth = await createTestAuth({ accounts })
  Object.assign(asks, await mount(auth))
  closing.push(() => auth.close())
})
after(async () => {
  for (const close of closing) await close()
})

const json = (body: string, type = 'application/json', headers = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type, ...headers },
  body,
})

const requests: readonly (readonly [string, RequestInit, number])[] = [
  ['another method', { method: 'PUT' }, 405],
  ['no body', { method: 'POST' }, 415],
  ['a form', json('a=b', 'application/x-www-form-urlencoded'), 415],
  ['text', json('{}', 'text/plain'), 415],
  ['a compressed body', json('{}', 'application/json', { 'content-encoding': 'gzip' }), 415],
  ['a large body', json(JSON.stringify({ email: 'x'.repeat(17 * 1024) })), 413],
  ['no JSON', json('{"email":"s3cret'), 400],
  ['a list', json('["s3cret"]'), 400],
  ['null', json('null'), 400],
  ['an unknown member', json('{"is_admin":"s3cret"}'), 400],
  ['an odd name', json('{"s3cret !":1}'), 400],
  ['a number', json('{"token":53,"email":53,"username":53}'), 400],
]

/** Those for everybody that take JSON: a guard refuses a request before it is looked at. */
const others = ['/auth/step-up', '/auth/passkeys/challenge']
const open = accountEndpoints.filter(({ path }) => !others.includes(path))

for (const { path } of open) {
  test(`${path} answers the same everywhere`, async () => {
    for (const [name, init, status] of requests) {
      const answers = []
      for (const [framework, ask] of Object.entries(asks)) {
        const answer = await ask(prefix + path, init)
        const body = await answer.text()
        assert.equal(answer.status, status, `${framework}, ${name}: ${body}`)
        assert.ok(!body.includes('s3cret'), body)
        const headers = ['content-type', 'cache-control', 'allow'].map((each) =>
          answer.headers.get(each),
        )
        answers.push(JSON.stringify([headers, body]))
      }
      assert.equal(new Set(answers).size, 1, `${name}: ${answers.join('\n')}`)
      assert.match(answers[0] ?? '', /application\/problem\+json.*no-store/)
    }
  })
}

test('a good request and an answer without content are the same everywhere', async () => {
  for (const [framework, ask] of Object.entries(asks)) {
    const accepted = await ask(
      `${prefix}/auth/register`,
      json('{"email":"a@example.com"}', 'application/json; charset=utf-8'),
    )
    assert.deepEqual(
      [accepted.status, await accepted.json()],
      [202, { status: 'accepted' }],
      framework,
    )
    const ended = await ask(`${prefix}/auth/email/restore`, json('{"token":"pot_x"}'))
    assert.equal(ended.status, 410)
  }
})

test('a password is set everywhere, with 204', async () => {
  for (const framework of Object.keys(asks)) {
    const auth = await createTestAuth({ accounts })
    closing.push(() => auth.close())
    const ask = (await mount(auth))[framework]
    const { id } = await auth.users.create({ username: 'alice', password: 'vivid harbor ladle ox' })
    const token = (await auth.accounts.passwordReset?.link(id))?.split('=')[1]
    const body = JSON.stringify({ token, password: 'nine brave lanterns whisper' })
    const answer = await ask?.(`${prefix}/auth/password-reset/complete`, json(body))
    assert.deepEqual([answer?.status, await answer?.text()], [204, ''], framework)
    assert.equal(answer?.headers.get('content-type'), null)
  }
})

test('without accounts the paths are left to the application, and refusals can be like FastAPI’s', async () => {
  const none = await createTestAuth()
  const like = await createTestAuth({ accounts, compatibility: 'fastapi' })
  closing.push(
    () => none.close(),
    () => like.close(),
  )
  for (const ask of Object.values(await mount(none))) {
    assert.equal((await ask(`${prefix}/auth/register`, json('{}'))).status, 404)
  }
  for (const ask of Object.values(await mount(like))) {
    const answer = await ask(`${prefix}/auth/register`, json('{}'))
    assert.equal(answer.status, 400)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
    assert.deepEqual(await answer.json(), { detail: 'The member email is missing.' })
  }
})
