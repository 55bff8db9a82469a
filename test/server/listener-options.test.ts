import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { urlOf } from '../../src/server/listener-options.ts'

for (const [host, expected] of [
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', 'localhost'],
  ['::', 'localhost'],
  ['localhost', 'localhost'],
  ['::1', '[::1]'],
] as const) {
  test(`what listens on ${host} is reached at ${expected}`, async (t) => {
    const app = Fastify()
    app.get('/', () => 'here')
    t.after(() => app.close())
    try {
      await app.listen({ host, port: 0 })
    } catch (error) {
      const { code } = error as { code?: string }
      assert.match(String(code), /^(EAFNOSUPPORT|EADDRNOTAVAIL)$/)
      return t.skip('this machine has no IPv6')
    }
    const url = urlOf(app, host)
    const { port } = app.server.address() as { port: number }
    assert.equal(url, `http://${expected}:${port}`)
    assert.equal(await (await fetch(url)).text(), 'here')
  })
}
