// What a hostile client sends, by hand and at random. More of the latter: RUNS=100000.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { connectTo, portOf } from './fixtures.ts'

const runs = Number(process.env.RUNS ?? 300)

let auth: Auth
let app: FastifyInstance
let token: string

before(async () => {
  auth = await createTestAuth()
  app = await buildApp({ auth })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  token = String(await createAccessToken(auth, id))
  await app.listen({ port: 0 })
})

after(() => app.close())

/** Sends bytes, says that no more come, and returns all that came back until the end. */
async function exchange(bytes: string | Uint8Array): Promise<string> {
  const connection = await connectTo(portOf(app))
  connection.socket.end(bytes)
  return await connection.closed
}

const statusesOf = (answer: string): readonly number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))

async function assertStillServes(): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${portOf(app)}/me`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(answer.status, 200)
  assert.equal(((await answer.json()) as { username: string }).username, 'alice')
}

describe('a request with two meanings is refused, and its connection closed (HH-03)', () => {
  const second = 'GET /me HTTP/1.1\r\nHost: x\r\n\r\n'
  const rows: readonly (readonly [string, string])[] = [
    ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n'],
    ['a list of lengths', 'Content-Length: 4, 5\r\n'],
    ['a negative length', 'Content-Length: -1\r\n'],
    ['a length with a sign', 'Content-Length: +4\r\n'],
    ['an unknown encoding', 'Transfer-Encoding: xchunked\r\n'],
    ['chunks that are not the last encoding', 'Transfer-Encoding: chunked, identity\r\n'],
    ['a space before the colon', 'Content-Length : 4\r\n'],
    ['a line that goes on in the next', 'X-A: b\r\n c\r\nContent-Length: 4\r\n'],
    ['a bare line feed', 'X-A: b\nContent-Length: 4\r\n'],
    ['a bare carriage return', 'X-A: b\rContent-Length: 4\r\n'],
    ['a NUL', 'X-A: b\0c\r\nContent-Length: 4\r\n'],
  ]
  for (const [name, headers] of rows) {
    test(name, async () => {
      const answer = await exchange(
        `POST /auth/token HTTP/1.1\r\nHost: x\r\n${headers}\r\n0\r\n\r\n${second}`,
      )
      assert.deepEqual(statusesOf(answer), [400], 'one answer, none to what came after')
      assert.match(answer, /^connection: close$/im)
    })
  }
  after(assertStillServes)
})

test('no other origin may read an answer, whatever it says of itself (HH-05)', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:8000']) {
    for (const url of [
      '/auth/token',
      '/auth/revoke',
      '/me',
      '/admin/users',
      '/docs/',
      '/nowhere',
    ]) {
      for (const method of ['OPTIONS', 'GET', 'POST'] as const) {
        const { headers } = await app.inject({
          method,
          url,
          headers: { origin, 'access-control-request-method': 'POST' },
        })
        const allowed = Object.keys(headers).filter((name) => name.startsWith('access-control-'))
        assert.deepEqual(allowed, [], `${method} ${url}`)
      }
    }
  }
})

test('a method that is not documented is 405 with Allow, and never done (HH-07)', async () => {
  const document = (await app.inject('/openapi.json')).json() as {
    readonly paths: Readonly<Record<string, object>>
  }
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
  let refused = 0
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of methods) {
      if (method.toLowerCase() in operations) continue
      const url = path.replaceAll(/\{\w+\}/g, 'x')
      const answer = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}` },
      })
      assert.equal(answer.statusCode, 405, `${method} ${url}`)
      const allowed = String(answer.headers.allow).split(', ')
      const documented = Object.keys(operations).map((each) => each.toUpperCase())
      assert.deepEqual(
        allowed.filter((each) => each !== 'HEAD'),
        documented.sort(),
      )
      refused++
    }
  }
  assert.ok(refused > 50)
})

test('TRACE, CONNECT and methods that nobody knows are refused (HH-07)', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'BREW', 'get']) {
    const [status = 0] = statusesOf(await exchange(`${method} /me HTTP/1.1\r\nHost: x\r\n\r\n`))
    assert.ok([400, 404, 405].includes(status), `${method}: ${status}`)
  }
  const connect = statusesOf(await exchange('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'))
  assert.ok(
    connect.every((status) => status >= 400),
    String(connect),
  )
  await assertStillServes()
})

describe(`${runs} requests at random`, () => {
  const form = 'content-type: application/x-www-form-urlencoded\r\n'
  const good = [
    'GET /me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer TOKEN\r\nconnection: close\r\n\r\n',
    `POST /auth/token HTTP/1.1\r\nhost: x\r\n${form}content-length: 36\r\nconnection: close\r\n\r\nusername=alice&password=x&scope=a%20b`,
    `POST /auth/revoke HTTP/1.1\r\nhost: x\r\n${form}transfer-encoding: chunked\r\nconnection: close\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n`,
    'PUT /me/password HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer TOKEN\r\ncontent-length: 39\r\nconnection: close\r\n\r\n{"old_password":"a","new_password":"b"}',
    'GET /admin/users?limit=5&search=%25 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer TOKEN\r\nconnection: close\r\n\r\n',
  ]
  /** A change to some bytes: one replaced, some taken out, some put in, some repeated. */
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('replace', 'remove', 'insert', 'repeat'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  })

  test('on the wire are answered without a crash and without a 500, and none gets in (HH-10)', async () => {
    let answered = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...good),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        async (text, changes) => {
          // Without a good token whatever gets in is a false acceptance.
          let bytes = Buffer.from(text.replace('TOKEN', token.replace(/.{4}$/, 'AAAA')))
          for (const { at, kind, bytes: put } of changes) {
            const index = Math.floor(at * bytes.length)
            const end = kind === 'insert' ? index : index + put.length
            const between = kind === 'remove' ? [] : [put]
            const rest = bytes.subarray(kind === 'repeat' ? Math.max(0, index - put.length) : end)
            bytes = Buffer.concat([bytes.subarray(0, index), ...between, rest])
          }
          const statuses = statusesOf(await exchange(bytes))
          answered += statuses.length
          for (const status of statuses) {
            // 200 is a revocation of nothing, or a page for everybody.
            assert.ok(status < 500, `${status}`)
          }
        },
      ),
      { numRuns: runs },
    )
    assert.ok(answered > runs / 2, `${answered} answers`)
    await assertStillServes()
  })

  test('with a changed token are refused (JW-20)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let forged = token
        for (const { at, kind, bytes } of changes) {
          const index = Math.floor(at * forged.length)
          const put = Buffer.from(bytes).toString('base64url')
          const end = kind === 'insert' ? index : index + put.length
          forged = `${forged.slice(0, index)}${kind === 'remove' ? '' : put}${forged.slice(end)}`
        }
        if (forged === token) return
        const headers = { authorization: `Bearer ${forged}` }
        const { statusCode } = await app.inject({ url: '/me', headers })
        assert.ok(statusCode === 401 || statusCode === 400, `${statusCode}`)
      }),
      { numRuns: runs },
    )
    await assertStillServes()
  })

  test('with a form at random are refused, and log nobody in (PC-07)', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('', 'alice'))
    const names = ['grant_type', 'username', 'password', 'scope', 'client_id', 'client_secret']
    const name = fc.oneof(fc.constantFrom(...names, 'refresh_token'), fc.string({ maxLength: 8 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, text), { maxLength: 8 }), async (fields) => {
        const encode = (part: string): string => encodeURIComponent(part.toWellFormed())
        const answer = await app.inject({
          method: 'POST',
          url: '/auth/token',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: fields.map((pair) => pair.map(encode).join('=')).join('&'),
        })
        assert.ok([400, 401, 429].includes(answer.statusCode), `${answer.statusCode}`)
        const { error, error_description } = answer.json()
        // RFC 6749 §5.2
        assert.match(error, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
        assert.match(error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      }),
      { numRuns: runs },
    )
    await assertStillServes()
  })
})
