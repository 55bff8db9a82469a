// The command without a build, as `npm start` and `npm run portcullis` run it. All other tests of the
// command line run what was built, where it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation, run, serve, sourceMain } from './process.ts'

const password = 'seven quiet otters juggle'

for (const workers of ['1', '2']) {
  test(`from source, a user is added who then logs in, with WORKERS=${workers}`, async () => {
    const directory = createInstallation()
    const words = ['user', 'add', 'alice', '--role', 'admin']
    const added = await run(directory, words, { input: password, command: sourceMain })
    assert.equal(added.code, 0, added.stderr)
    const server = await serve(directory, { WORKERS: workers }, { command: sourceMain })
    try {
      const body = new URLSearchParams({ username: 'alice', password })
      const { status } = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
      assert.equal(status, 200)
    } finally {
      assert.equal(await server.stop(), 0)
    }
  })
}
