import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { refusesMethod, rememberMethods } from '../../src/fastify/allowed-methods.ts'

const app = Fastify()
const methodsAt = rememberMethods(app)
const handler = () => ''
app.get('/', handler)
app.get('/items', handler)
app.post('/items', handler)
app.delete('/items/:id', handler)
app.patch('/items/:id/parts', handler)
app.get('/files/*', handler)
app.get('/caf\u00e9', handler)
app.route({ method: ['PUT', 'OPTIONS'], url: '/both', handler })
app.put('/items', { config: { [refusesMethod]: true } as object }, handler)
app.get('*', handler)
app.post('/*', handler)

for (const [url, methods] of [
  ['/', ['GET', 'HEAD']],
  ['/items', ['GET', 'HEAD', 'POST']],
  ['/items/', ['GET', 'HEAD', 'POST']],
  ['/items?next=/both', ['GET', 'HEAD', 'POST']],
  ['/%69tems', ['GET', 'HEAD', 'POST']],
  ['/caf%C3%A9', ['GET', 'HEAD']],
  ['/both', ['OPTIONS', 'PUT']],
  ['/items/5', ['DELETE']],
  ['/items/5/parts', ['PATCH']],
  ['/items//parts', []],
  ['/items/5/pieces', []],
  ['/items/5/parts/6', []],
  ['/files/a', ['GET', 'HEAD']],
  ['/files/a/b', ['GET', 'HEAD']],
  ['/files', []],
  ['/other', []],
  ['/%', []],
] as const) {
  test(`the methods at ${url} are ${methods.join(', ') || 'none'}`, () => {
    assert.deepEqual(methodsAt(url), methods)
  })
}
