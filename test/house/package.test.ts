// What is published, as those who install it meet it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { listRuntimePackages, readManifests } from '../../scripts/supply-chain.ts'
import { readSources, root } from './sources.ts'

const execute = promisify(execFile)
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The oldest Node.js that the package promises to run on. */
const oldestNode = `${own.engines.node.replace(/^>=/, '')}.0.0`

let project: string
let installed: string
let tarballPath: string

before(async () => {
  project = mkdtempSync(join(tmpdir(), 'portcullis-package-'))
  installed = join(project, 'node_modules', 'portcullis')
  await run('npm', ['pack', '--silent', '--pack-destination', project], root)
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'))
  assert.ok(tarball, 'npm pack made no tarball')
  tarballPath = join(project, tarball)
  const { fastify, '@types/node': nodeTypes } = own.devDependencies
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      portcullis: `file:${tarball}`,
      fastify,
      '@types/node': nodeTypes,
      node: oldestNode,
    },
    allowScripts: { node: true },
  }
  write('package.json', JSON.stringify(manifest))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], project)
})

after(() => rmSync(project, { recursive: true, force: true }))

function write(name: string, text: string): void {
  writeFileSync(join(project, name), text)
}

/** Runs a program to its end; rejects with all that it said if it fails. */
async function run(
  file: string,
  args: readonly string[],
  cwd = project,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const inherited = Object.entries(process.env).filter(
    // npm tells its scripts where they are, which an npm in another place should not be told.
    ([name]) => !/^(npm_package_|npm_lifecycle_|npm_config_local_prefix|NODE_)/.test(name),
  )
  try {
    const options = { cwd, env: { ...Object.fromEntries(inherited), ...environment } }
    return (await execute(file, args, options)).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

/** The runtimes that everything is tried on: this one and the oldest. */
const runtimes = [
  { title: 'this Node.js', node: () => process.execPath },
  { title: `Node.js ${oldestNode}`, node: () => join(project, 'node_modules/node/bin/node') },
]

test('the package holds what was compiled, its documents, examples, files to deploy with and bill of materials, and nothing else (SC-07)', () => {
  const files = globSync('**/*', { cwd: installed, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('node_modules/') && !/^dist\/.*\.map$/.test(path))
  const compiled = readSources().flatMap(({ path }) => {
    const stem = `dist/${path.slice(0, -'.ts'.length)}`
    return [`${stem}.js`, `${stem}.d.ts`]
  })
  // Whatever a document links to is there: its links stay alive.
  const documents = globSync(['*.md', 'deploy/*', 'docs/**/*.md', 'examples/**/*.*'], { cwd: root })
    .filter((path) => path !== 'deploy/secrets')
    .map((path) => path.replaceAll('\\', '/'))
    .concat('LICENSE', 'package.json', 'dist/sbom.cdx.json')
  assert.deepEqual(files.sort(), [...documents, ...compiled].sort())
})

test('the bill of materials names every package that is installed with ours, with its digest and licence (SC-07)', () => {
  const bom = JSON.parse(readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8'))
  assert.equal(bom.bomFormat, 'CycloneDX')
  const { name, version } = bom.metadata.component
  assert.deepEqual([name, version], ['portcullis', own.version])
  const named = new Map<string, { hashes?: unknown[]; licenses?: unknown[] }>(
    bom.components.map((each: { name: string }) => [each.name, each]),
  )
  for (const { name, license } of listRuntimePackages(readManifests(root))) {
    const component = named.get(name)
    // Those of another platform are not there.
    if (component === undefined && /-(android|darwin|freebsd|linux|win32|wasm32)-/.test(name))
      continue
    assert.ok(component?.hashes?.length, name)
    assert.ok(JSON.stringify(component.licenses).includes(license), name)
  }
})

test('publint finds nothing in the package', async () => {
  const { messages } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(tarballPath)).buffer },
    strict: true,
  })
  assert.deepEqual(messages, [])
})

test('every entry point has types that agree with what is loaded, for every importer of modules', async () => {
  const tarball = createPackageFromTarballData(new Uint8Array(readFileSync(tarballPath)))
  const result = await checkPackage(tarball)
  assert.ok(result.types, 'the package has types')
  assert.ok(Object.keys(result.entrypoints).length >= 8)
  // CommonJS has to import it, which is meant; node10 knows no exports, and is older than our Node.js.
  const problems = result.problems.filter(
    (problem) =>
      !(problem.kind === 'CJSResolvesToESM' && problem.resolutionKind === 'node16-cjs') &&
      !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  assert.deepEqual(problems, [])
})

const loginScript = `
import assert from 'node:assert/strict'
import { createAuth } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { buildApp } from 'portcullis/server'
import { memory } from 'portcullis/stores/memory'
import { sqlite } from 'portcullis/stores/sqlite'

assert.equal(typeof portcullis, 'function')
assert.equal(typeof secured, 'function')
const password = 'three green tractors sing'
for (const store of [memory(), sqlite(process.argv[2])]) {
  const auth = await createAuth({ store })
  await auth.accounts.create({ username: 'alice', password, role: 'admin' })
  const app = await buildApp({ auth })
  const login = await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ username: 'alice', password }).toString(),
  })
  assert.equal(login.statusCode, 200, login.body)
  const authorization = 'Bearer ' + login.json().access_token
  const me = await app.inject({ url: '/me', headers: { authorization } })
  const docs = await app.inject({ url: '/docs/static/swagger-ui.css' })
  assert.equal(docs.statusCode, 200)
  console.log(process.versions.node, me.statusCode, me.json().username)
  await app.close()
  await auth.close()
}
`

const resourceServerScript = `
import assert from 'node:assert/strict'
import { createResourceServer, keycloak, UnavailableError } from 'portcullis/issuers'
import { createGuards, secured } from 'portcullis/web'

const issuer = keycloak({ issuer: 'https://sso.example.com/realms/staff', audience: 'api' })
const server = createResourceServer({ issuers: [issuer] })
const { activeUser } = createGuards(server)
const handler = secured(activeUser, (user) => Response.json(user))
const answer = await handler(new Request('https://api.example.com/'))
console.log(process.versions.node, answer.status, answer.headers.get('www-authenticate'))
await server.close()
`

for (const { title, node } of runtimes) {
  test(`a resource server works on ${title}`, async () => {
    write('resource-server.mjs', resourceServerScript)
    const version = (await run(node(), ['--version'])).trim().slice(1)
    assert.equal(await run(node(), ['resource-server.mjs']), `${version} 401 Bearer\n`)
  })

  test(`every entry point works on ${title}, up to a login`, async () => {
    write('login.mjs', loginScript)
    const database = join(mkdtempSync(join(project, 'data-')), 'app.db')
    const said = await run(node(), ['login.mjs', database])
    const version = (await run(node(), ['--version'])).trim().slice(1)
    assert.equal(said, `${version} 200 alice\n`.repeat(2))
  })

  test(`the command tells its version on ${title}`, async () => {
    const command = join(project, 'node_modules/.bin/portcullis')
    const path = [dirname(node()), process.env.PATH].join(delimiter)
    const said = await run(command, ['--version'], project, { PATH: path })
    assert.equal(said, `${own.version}\n`)
  })

  test(`the core and the memory store load no framework and no database on ${title}`, async () => {
    write(
      'loads.mjs',
      `
import { registerHooks } from 'node:module'
const urls = []
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    urls.push(resolved.url)
    return resolved
  },
})
for (const name of process.argv.slice(2)) await import(name)
console.log(JSON.stringify(urls))
`,
    )
    async function heavy(...names: readonly string[]): Promise<readonly string[]> {
      const urls: readonly string[] = JSON.parse(await run(node(), ['loads.mjs', ...names]))
      assert.ok(urls.some((url) => url.includes('/portcullis/dist/')))
      const found = urls.flatMap(
        (url) =>
          /^node:sqlite$|\/node_modules\/(@?fastify|@node-rs|kysely|pg|commander|typebox|prom-client)\b/.exec(
            url,
          )?.[0] ?? [],
      )
      return [...new Set(found)].sort()
    }
    assert.deepEqual(await heavy('portcullis', 'portcullis/stores/memory'), [
      // To hash passwords with.
      '/node_modules/@node-rs',
    ])
    // A resource server has no passwords and no users to keep.
    assert.deepEqual(await heavy('portcullis/issuers', 'portcullis/web'), [])
    const fastify = ['/node_modules/@fastify', '/node_modules/fastify']
    assert.deepEqual(await heavy('portcullis/issuers', 'portcullis/fastify'), fastify)
    // The same look does find them where they are.
    assert.deepEqual(await heavy('portcullis/stores/sqlite'), [
      '/node_modules/kysely',
      'node:sqlite',
    ])
    assert.ok((await heavy('portcullis/fastify')).includes('/node_modules/@fastify'))
    const metrics = '/node_modules/prom-client'
    assert.ok(!(await heavy('portcullis/server')).includes(metrics))
    assert.ok((await heavy('portcullis/metrics')).includes(metrics))
  })
}

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: ['node'],
}

async function compile(file: string, options: object = {}): Promise<void> {
  const settings = { compilerOptions: { ...compilerOptions, ...options }, files: [file] }
  write('tsconfig.json', JSON.stringify(settings))
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project])
}

test('the greeting of the installed server names a command that is there', async () => {
  write(
    'greet.mjs',
    `
import { readConfig, startServer } from 'portcullis/server'
const server = await startServer(readConfig({ PORT: '0', DATA_DIR: 'data', LOG_LEVEL: 'silent' }))
console.log(server.greeting.join('\\n'))
await server.close()
`,
  )
  assert.match(await run(process.execPath, ['greet.mjs']), /npx portcullis user add alice/)
})

test('the types are there, and hold a consumer to them', async () => {
  write(
    'consumer.ts',
    `
import Fastify, { type FastifyInstance } from 'fastify'
import { type Auth, createAuth, createGuards, type User } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { buildApp } from 'portcullis/server'
import { memory } from 'portcullis/stores/memory'
import { sqlite } from 'portcullis/stores/sqlite'

export async function build(path: string | undefined): Promise<FastifyInstance> {
  const auth: Auth = await createAuth({ store: path === undefined ? memory() : sqlite(path) })
  const { activeUser, requirePermission } = createGuards(auth)
  const app = Fastify()
  await app.register(portcullis, { auth })
  app.get('/me', secured(activeUser, (user: User) => user.username))
  app.get('/stats', secured(requirePermission('stats:read'), (user) => user.role.length))
  // @ts-expect-error a user has no such property
  app.get('/wrong', secured(activeUser, (user) => user.passwordHash))
  await buildApp({ auth })
  return app
}
`,
  )
  await compile('consumer.ts')
})

test('what a consumer exports can be named in its own declarations', async () => {
  write(
    'library.ts',
    `
import { all, createAuth, createGuards, createTokenEndpoint, guard, optional, refine } from 'portcullis'
import { guarded, portcullis, secured } from 'portcullis/fastify'
import { buildApp, readConfig, startServer } from 'portcullis/server'
import { memory } from 'portcullis/stores/memory'

export const auth = await createAuth({ store: memory() })
export const guards = createGuards(auth)
export const { accessToken, activeUser, requireRole } = guards
export const both = all({ user: activeUser, token: accessToken })
export const nested = all({ both, admin: requireRole('admin') })
export const name = refine(both, ({ user }) => user.username)
export const known = optional(both)
export const language = guard((request) => request.headers)
export const me = secured(both, ({ user }) => user.username)
export const routes = guarded(both, async () => {})
export const endpoint = createTokenEndpoint(auth)
export const { sessions, accounts, accessTokens, keys, events, login, throttle, passwords } = auth
export const users = await accounts.list({ limit: 1 })
export const app = await buildApp({ auth })
export const plugin = portcullis
export const start = () => startServer(readConfig({}))
`,
  )
  await compile('library.ts', { noEmit: false, declaration: true, outDir: 'built' })
})
