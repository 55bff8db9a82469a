// What only a real connection shows: header lines that a client library would not send.

import assert from 'node:assert/strict'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { secured } from '../../src/fastify/secured.ts'
import { goodPassword } from '../fixtures.ts'
import { createTestApp } from './test-app.ts'

let app: FastifyInstance
let port: number
let authorization: string
let handled = 0

before(async () => {
  const made = await createTestApp()
  app = made.app
  app.get(
    '/me',
    secured(made.guards.activeUser, (user) => {
      handled++
      return { username: user.username }
    }),
  )
  await made.auth.users.create({ username: 'alice', password: goodPassword })
  authorization = (await made.authorize('member')).authorization
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
})

after(() => app.close())

/** Sends the bytes and returns all that comes back until the server closes the connection. */
async function exchange(bytes: string): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  // A server that refuses a long request closes the connection before it has read all of it.
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  await new Promise((resolve) => socket.on('close', resolve))
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, body }
}

function getMe(...lines: readonly string[]): string {
  return ['GET /me HTTP/1.1', 'Host: api.test', 'Connection: close', ...lines, '', ''].join('\r\n')
}

function postForm(body: string): string {
  return [
    'POST /auth/token HTTP/1.1',
    'Host: api.test',
    'Connection: close',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

async function assertStillServes(): Promise<void> {
  const { status, body } = await exchange(getMe(`Authorization: ${authorization}`))
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(body), { username: 'member1' })
}

describe('over a real connection', () => {
  test('a good token passes', assertStillServes)

  for (const [name, second] of [
    ['that are equal', () => `Authorization: ${authorization}`],
    ['of which the second is forged', () => 'authorization: Bearer forged'],
    ['of which the second is empty', () => 'AUTHORIZATION:'],
    ['of two schemes', () => 'Authorization: Basic Og=='],
  ] as const) {
    test(`two Authorization headers ${name} are answered with 400 (BR-03)`, async () => {
      const before = handled
      const { status, head, body } = await exchange(
        getMe(`Authorization: ${authorization}`, 'X-Between: 1', second()),
      )
      assert.equal(status, 400)
      assert.match(head, /\r\nwww-authenticate: Bearer error="invalid_request"/i)
      assert.equal(JSON.parse(body).status, 400)
      assert.equal(handled, before)
    })
  }

  for (const line of ['Authorization: Bearer', 'Authorization: Bearer   ', 'Authorization:']) {
    test(`"${line}" is answered with 401 and a bare challenge (BR-03, BR-04)`, async () => {
      const { status, head } = await exchange(getMe(line))
      assert.equal(status, 401)
      assert.match(head, /\r\nwww-authenticate: Bearer(\r\n|$)/i)
    })
  }

  test('a token of 100 KB is answered with 431, and the server goes on (BR-04)', async () => {
    const before = handled
    const { status } = await exchange(getMe(`Authorization: Bearer ${'a'.repeat(100 * 1024)}`))
    assert.equal(status, 431)
    assert.equal(handled, before)
    await assertStillServes()
  })

  test('a token as long as the headers may be is answered with 401 (BR-04)', async () => {
    const { status } = await exchange(getMe(`Authorization: Bearer ${'a'.repeat(16_000)}`))
    assert.equal(status, 401)
    await assertStillServes()
  })

  test('a header of bytes that are no text is answered with 400 or 401 (BR-04)', async () => {
    for (const value of ['Bearer \xff\xfe', 'Bearer %FF', '\xc3\x28', 'Bearer a\tb', '\x80']) {
      const { status } = await exchange(getMe(`Authorization: ${value}`))
      assert.ok(status === 400 || status === 401, `${status}`)
    }
    await assertStillServes()
  })

  for (const form of [
    'username=ali%00ce&password=x',
    'username=ali\0ce&password=x',
    'username=alice&password=x%00',
    'username=alice%0D%0A&password=x',
    'username=alice\xff&password=x',
  ]) {
    test(`the form ${JSON.stringify(form)} is answered with 400 (PC-17)`, async () => {
      const { status, body } = await exchange(postForm(form))
      assert.equal(status, 400)
      assert.equal(JSON.parse(body).error, 'invalid_request')
    })
  }

  test('a body that goes on without end is cut off with 413 (HH-01)', async () => {
    const chunk = `${(8192).toString(16)}\r\n${'x'.repeat(8192)}\r\n`
    const head = [
      'POST /auth/token HTTP/1.1',
      'Host: api.test',
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      'Transfer-Encoding: chunked',
      '',
      '',
    ].join('\r\n')
    // No last chunk: who waits for the end waits for ever.
    const { status, body } = await exchange(head + chunk.repeat(3))
    assert.equal(status, 413)
    assert.equal(JSON.parse(body).error, 'invalid_request')
    await assertStillServes()
  })
})
