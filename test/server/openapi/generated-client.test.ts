// A client that a generator makes of the document: compiled strictly, and used.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { generateSource } from 'oazapfts'
import { buildApp } from '../../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import { root } from '../../house/sources.ts'
import { portOf } from '../fixtures.ts'
import { readDocument } from './document.ts'

const program = `
import { createToken, createUser, defaults, getMe, listUsers, revokeToken } from './client.ts'
import type { Event, Problem, Role, TokenResponse, User, UserPage } from './client.ts'

const [baseUrl = '', password = ''] = process.argv.slice(2)
defaults.baseUrl = baseUrl

const login = await createToken({ username: 'ann', password })
if (login.status !== 200) throw new Error(login.data.detail)
const token: TokenResponse = login.data
const text: string = token.access_token
const refresh: string | undefined = token.refresh_token
// @ts-expect-error: there need not be one.
const always: string = token.refresh_token
const headers = { authorization: \`Bearer \${text}\` }

const me = await getMe({ headers })
if (me.status !== 200) throw new Error('not logged in')
const role: Role = me.data.role

const body = { username: 'bob', password, role } as const
const created = await createUser(body, { headers })
if (created.status !== 201) throw new Error('not created')
const user: User = created.data
// @ts-expect-error: there is no such role.
const unknown: Role = 'nobody'
const refused = await createUser({ ...body, role: 'member' }, { headers })
if (refused.status !== 409) throw new Error('created twice')
const problem: Problem = refused.data

// No limit: it has a default.
const list = await listUsers({}, { headers })
if (list.status !== 200) throw new Error('not listed')
const page: UserPage = list.data
const next: string | null = page.next
const type: Event['type'] = 'authn_login_success'

const ended = await revokeToken({ token: refresh ?? '' })
console.log(
  JSON.stringify({
    users: page.users.map(({ username }) => username),
    created: user.username,
    detail: problem.detail,
    next,
    ended: ended.status,
  }),
)
export { always, type, unknown }
`

const settings = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  files: ['program.ts'],
}

const directory = mkdtempSync(join(tmpdir(), 'generated-client-'))
const write = (name: string, content: string): void => writeFileSync(join(directory, name), content)
const run = promisify(execFile)
let app: FastifyInstance

before(async () => {
  const auth = await createTestAuth()
  await auth.users.create({ username: 'ann', password: goodPassword, role: 'admin' })
  app = await buildApp({ auth })
  await app.listen({ host: '127.0.0.1', port: 0 })
  write('openapi.json', JSON.stringify(await readDocument(app)))
  write('client.ts', await generateSource(join(directory, 'openapi.json')))
  write('program.ts', program)
  write('package.json', JSON.stringify({ type: 'module' }))
  write('tsconfig.json', JSON.stringify(settings))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
})
after(async () => {
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

test('has types that a strict compiler takes, and that say what is always there', async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const said = await run(process.execPath, [compiler, '-p', directory]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  )
  assert.equal(said.stdout, '')
})

test('logs in, is refused in words, reads a page without a limit, and logs out', async () => {
  const url = `http://127.0.0.1:${portOf(app)}`
  const { stdout } = await run(process.execPath, [join(directory, 'program.ts'), url, goodPassword])
  assert.deepEqual(JSON.parse(stdout), {
    users: ['ann', 'bob'],
    created: 'bob',
    detail: 'The username is taken.',
    next: null,
    ended: 200,
  })
})
