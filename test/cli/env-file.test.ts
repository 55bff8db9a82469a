import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDirectory, run, serve } from './process.ts'

test('a name in .env that is no setting is told at the start, and stops nothing', async () => {
  const directory = createDirectory()
  writeFileSync(join(directory, '.env'), 'LOG_LEVEL=info\nREFRESH_TOKEN_LIFETIME=canary\nTEAM=a\n')
  const server = await serve(directory)
  assert.equal(await server.stop(), 0)
  const told = server.said().match(/WARNING: \.env has names .*/g)
  assert.equal(told?.length, 1, server.said())
  assert.match(told[0], /change nothing: REFRESH_TOKEN_LIFETIME, TEAM\./)
  assert.doesNotMatch(server.said(), /canary/)
})

test('a .env with a line that says nothing starts no server, on no other database', async () => {
  const directory = createDirectory()
  writeFileSync(join(directory, '.env'), 'DATABASE_URL postgres://u:canary@h/d\n')
  const { code, stderr } = await run(directory, ['serve'])
  assert.equal(code, 78)
  assert.match(stderr, /Line 1 of \.env is no assignment/)
  assert.doesNotMatch(stderr, /canary/)
  assert.equal(existsSync(join(directory, 'data')), false)
})
