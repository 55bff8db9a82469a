// The example on Nest, compiled as Nest's decorators need it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createAuth } from '../../src/core/auth.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createDirectory } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { logIn, requestToken, startExample, statusOf } from './process.ts'

const example = join(root, 'examples/nest')

/** Compiles the example with its own settings, and returns its file. */
async function compile(): Promise<string> {
  const directory = createDirectory()
  const settings = {
    extends: join(example, 'tsconfig.json'),
    compilerOptions: {
      outDir: directory,
      rootDir: root,
      typeRoots: [join(root, 'node_modules/@types')],
      // The package is the source here, which names its own files by `.ts`.
      rewriteRelativeImportExtensions: true,
      paths: {
        portcullis: [join(root, 'src/index.ts')],
        'portcullis/*': [join(root, 'src/*/index.ts'), join(root, 'src/*.ts')],
      },
    },
    files: [join(example, 'app.ts')],
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings))
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const said = await promisify(execFile)(process.execPath, [compiler, '-p', directory]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  )
  assert.equal(said.stdout, '')
  return join(directory, 'examples/nest/app.js')
}

test('nest: a login opens the routes that the role allows', async (t) => {
  const { url, directory } = await startExample(t, await compile())
  const auth = await createAuth({ store: sqlite(join(directory, 'app.db')) })
  t.after(() => auth.close())
  const { id } = await auth.users.create({ username: 'bob', password: goodPassword })
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }
  await requestToken(url, 'bob', goodPassword, forwarded)
  assert.equal((await auth.sessions.list(id))[0]?.address, '203.0.113.9')
  const [alice, bob] = [await logIn(url, 'alice'), await logIn(url, 'bob')]

  assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
  const me = await fetch(`${url}/me`, { headers: bob })
  assert.deepEqual(await me.json(), { username: 'bob', role: 'member' })
  assert.deepEqual(await statusOf(`${url}/admin/stats`, { headers: bob }), [403, null])
  const stats = await fetch(`${url}/admin/stats`, { headers: alice })
  assert.equal((await stats.json()).total, 2)
  // What is no refusal is Nest's to answer.
  const nowhere = await fetch(`${url}/nowhere`)
  assert.deepEqual([nowhere.status, (await nowhere.json()).statusCode], [404, 404])
  assert.equal((await requestToken(url, 'bob', 'another password')).status, 401)
})

test('nest: the page of the frameworks shows the code that runs here', () => {
  const page = readFileSync(join(root, 'docs/frameworks.md'), 'utf8')
  const code = readFileSync(join(example, 'portcullis.ts'), 'utf8')
  assert.ok(
    page.includes(`\`\`\`typescript\n${code}\`\`\`\n`),
    `docs/frameworks.md lacks:\n${code}`,
  )
})
