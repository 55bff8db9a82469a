import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../house/sources.ts'
import { startExample } from './process.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

test('fastapi-client: a client written for FastAPI’s tutorial works as it is', {
  skip: hasPython ? false : 'not checked: there is no python3 here',
}, async (t) => {
  const { url } = await startExample(t, 'fastapi-client/app.ts')
  const client = join(root, 'examples/fastapi-client/client.py')
  const run = (password: string) =>
    promisify(execFile)('python3', [client, url, 'johndoe', password])

  const { stdout } = await run('secret')
  assert.deepEqual(stdout.trim().split('\n'), [
    '401 Not authenticated',
    '200 bearer',
    '200 {"username": "johndoe", "disabled": false}',
    '200 [{"item_id": "Foo", "owner": "johndoe"}]',
    '401 Could not validate credentials',
  ])
  await assert.rejects(run('another'), /401 Incorrect username or password/)
})
