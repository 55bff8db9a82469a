import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildApp } from '../../../src/server/app.ts'
import { createTestAuth } from '../../fixtures.ts'
import { createTestLog } from '../fixtures.ts'

test('a request that fails is logged under its id, and one that succeeds not at all', async () => {
  const { options: logger, lines } = createTestLog()
  const app = await buildApp({ auth: await createTestAuth(), logger })
  const seen: string[] = []
  app.get('/fails', async (request) => {
    seen.push(request.id)
    throw new Error('a fault')
  })
  app.get('/tells', async (request) => {
    seen.push(request.id)
    const { log } = request
    for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) {
      log[level]({ level: undefined, said: level }, level)
    }
    log.child({ part: 'child' }).info('from a child')
    return {}
  })
  app.get('/quiet', { logLevel: 'error' }, async ({ log }) => {
    log.info('not worth a line')
    log.error('worth a line')
    return { level: log.level }
  })
  await app.ready()
  const linesOf = async (url: string) => {
    lines.length = 0
    const { statusCode } = await app.inject(url)
    return { statusCode, said: lines.map((line) => JSON.parse(line)) }
  }

  assert.deepEqual(await linesOf('/health/live'), { statusCode: 200, said: [] })
  assert.deepEqual(await linesOf('/me'), { statusCode: 401, said: [] })
  for (const _ of ['once', 'again']) {
    const { statusCode, said } = await linesOf('/fails')
    assert.equal(statusCode, 500)
    assert.deepEqual(
      said.map(({ reqId, msg, err }) => [reqId, msg, err.message]),
      [[seen.at(-1), 'request failed', 'a fault']],
    )
  }
  assert.equal(new Set(seen).size, 2)

  const { said: told } = await linesOf('/tells')
  assert.deepEqual(told.map(({ msg }) => msg).slice(0, 6), told.map(({ said }) => said).slice(0, 6))
  assert.equal(told.length, 7)
  assert.deepEqual([told[6].msg, told[6].part], ['from a child', 'child'])
  assert.ok(told.every(({ reqId }) => reqId === seen[2]))

  const { said: quiet } = await linesOf('/quiet')
  assert.deepEqual(
    quiet.map(({ msg }) => msg),
    ['worth a line'],
  )
  await app.close()
})

test('a server that logs requests says of each when it began and how it ended', async () => {
  const { options: logger, lines } = createTestLog()
  const app = await buildApp({ auth: await createTestAuth(), logger, logRequests: true })
  await app.ready()
  lines.length = 0
  await app.inject('/health/live')
  const said = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    said.map(({ msg }) => msg),
    ['incoming request', 'request completed'],
  )
  assert.equal(said[0].reqId, said[1].reqId)
  await app.close()
})
