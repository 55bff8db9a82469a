// A web-standard request whose body comes when its sender may no longer do what the guard saw.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { createGuards, recheck, secured } from '../../src/web/index.ts'
import { createTestAuth } from '../fixtures.ts'

const url = 'https://api.example.com/users'
const json = JSON.stringify({ username: 'eve' })

async function open() {
  const auth = await createTestAuth()
  const { id } = await auth.users.create({ username: 'alice', password: null })
  const authorization = `Bearer ${await createAccessToken(auth, id)}`
  let send = (): void => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(json.slice(0, 1)))
      send = () => {
        controller.enqueue(new TextEncoder().encode(json.slice(1)))
        controller.close()
      }
    },
  })
  const headers = { authorization, 'content-type': 'application/json' }
  const request = new Request(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
  return { auth, id, request, send: () => send(), guard: createGuards(auth).activeUser }
}

const readings: Readonly<Record<string, (request: Request) => Promise<unknown>>> = {
  json: (request) => request.json(),
  text: (request) => request.text(),
  bytes: (request) => request.bytes(),
  arrayBuffer: (request) => request.arrayBuffer(),
  blob: (request) => request.blob(),
  'a clone': (request) => request.clone().json(),
  'the stream': async (request) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request.body ?? []) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  },
}

for (const [name, read] of Object.entries(readings)) {
  describe(`a body read as ${name}`, () => {
    test('is given to a handler whose request its guard still lets pass', async () => {
      const { request, send, guard } = await open()
      const answer = secured(guard, async () => {
        send()
        const content = await read(request)
        return new Response(typeof content === 'object' ? 'object' : String(content))
      })
      assert.equal((await answer(request)).status, 200)
    })

    test('is a refusal once the user is deactivated (AZ-08)', async () => {
      const { auth, id, request, send, guard } = await open()
      let done = false
      const answer = secured(guard, async () => {
        await auth.users.deactivate(id)
        send()
        await read(request)
        done = true
        return new Response()
      })
      const { status } = await answer(request)
      assert.deepEqual([status, done], [403, false])
    })
  })
}

test('a look whether there is a body leaves it to be read in any way', async () => {
  const ways: readonly ((request: Request) => Promise<unknown>)[] = [
    (request) => request.json(),
    (request) => request.clone().json(),
  ]
  for (const read of ways) {
    const { request, send, guard } = await open()
    const answer = secured(guard, async () => {
      assert.ok(request.body)
      send()
      return Response.json(await read(request))
    })
    assert.deepEqual(await (await answer(request)).json(), JSON.parse(json))
  }
})

test('recheck asks every guard again that has let a request pass, and no other', async () => {
  const { auth, id, request, guard } = await open()
  await recheck(request)
  assert.equal((await guard(request)).role, 'member')
  await auth.users.changeRole(id, 'admin')
  assert.equal((await guard(request)).role, 'member')
  await recheck(request)
  assert.equal((await guard(request)).role, 'admin')
  const anonymous = new Request(url)
  await assert.rejects(guard(anonymous), { statusCode: 401 })
  await recheck(anonymous)
  await auth.users.create({ username: 'root', password: null, role: 'admin' })
  await auth.users.deactivate(id)
  await assert.rejects(recheck(request), { statusCode: 403 })
})
