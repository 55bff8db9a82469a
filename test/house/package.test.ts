// What is published, as those who install it meet it.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { build } from 'vite'
import { compiledIn, listNeeded } from '../../scripts/compiled-in.ts'
import { listRuntimePackages, readManifests } from '../../scripts/supply-chain.ts'
import { swaggerUiFiles } from '../../src/fastify/swagger-ui-files.ts'
import { readSources, root } from './sources.ts'

const execute = promisify(execFile)
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly bin: { readonly portcullis: string }
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly engines: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The oldest Node.js that the package promises to run on. */
const oldestNode = `${own.engines.node.replace(/^>=/, '')}.0.0`

// npm tells its scripts where they are, which an npm in another place should not be told.
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_package_|npm_lifecycle_|npm_config_local_prefix|NODE_)/.test(name),
  ),
)

let project: string
let installed: string
let tarballPath: string

before(async () => {
  project = mkdtempSync(join(tmpdir(), 'portcullis-package-'))
  installed = join(project, 'node_modules', 'portcullis')
  await run('npm', ['pack', '--silent', '--pack-destination', project], copyOfRepository())
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'))
  assert.ok(tarball, 'npm pack made no tarball')
  tarballPath = join(project, tarball)
  const { pg, 'prom-client': metrics, '@types/node': nodeTypes } = own.devDependencies
  // Not Fastify, which npm installs with the package.
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      portcullis: `file:${tarball}`,
      pg,
      'prom-client': metrics,
      '@types/node': nodeTypes,
      node: oldestNode,
    },
    allowScripts: { node: true },
  }
  write('package.json', JSON.stringify(manifest))
  write('load.mjs', loadScript)
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], project)
})

after(() => rmSync(project, { recursive: true, force: true }))

/** Packing builds, and a build removes `dist` for a while. So it has a copy, and other tests keep theirs. */
function copyOfRepository(): string {
  const copy = join(project, 'repository')
  const left = new Set(['.git', 'node_modules', 'dist', 'data', 'bench', 'test'])
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !left.has(relative(root, path)) && basename(path) !== 'node_modules',
  })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  return copy
}

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
  try {
    const options = { cwd, env: { ...inherited, ...environment } }
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
    .filter((path) => !/^(node_modules\/|dist\/shared\/[\w-]+\.js$)/.test(path))
  const types = readSources().map(({ path }) => `dist/${path.slice(0, -'.ts'.length)}.d.ts`)
  const { bin, exports } = own
  const entryPoints = Object.values(exports).flatMap((named) =>
    typeof named === 'string' ? [] : [named.default.slice('./'.length)],
  )
  // Whatever a document links to is there: its links stay alive.
  const documents = globSync(['*.md', 'deploy/*', 'docs/**/*.*', 'examples/**/*.*'], { cwd: root })
    .filter((path) => statSync(join(root, path)).isFile())
    .map((path) => path.replaceAll('\\', '/'))
    .concat('LICENSE', 'package.json', 'dist/sbom.cdx.json', 'dist/third-party-licenses.txt')
    .concat(Object.keys(swaggerUiFiles).map((name) => `dist/swagger-ui/${name}.gz`))
  assert.deepEqual(files.sort(), [...documents, ...types, ...entryPoints, bin.portcullis].sort())
})

test('what is compiled into the package is passed on with its licence, and imported from nowhere', () => {
  const notices = readFileSync(join(installed, 'dist/third-party-licenses.txt'), 'utf8')
  const code = globSync('dist/**/*.js', { cwd: installed }).map((path) =>
    readFileSync(join(installed, path), 'utf8'),
  )
  for (const name of compiledIn) {
    assert.ok(notices.includes(`${name} ${own.devDependencies[name]} (`), name)
    const imported = new RegExp(`^(?:import|export) .*["']${name}["'/]`, 'm')
    assert.ok(!code.some((text) => imported.test(text)), name)
  }
})

test('what is compiled imports what the package declares, and nothing else', () => {
  const declared = [
    ...Object.keys({ ...own.dependencies, ...own.peerDependencies }),
    ...builtinModules.flatMap((name) => [name, `node:${name}`]),
  ]
  const others = globSync('dist/**/*.js', { cwd: installed }).flatMap((path) => {
    const text = readFileSync(join(installed, path), 'utf8')
    const imported = text.matchAll(/^(?:import|export) (?:[^'"\n]* from )?["']([^'"]+)["']/gm)
    return [...imported].flatMap(([, name = '']) => {
      const isOurs = /^\.{1,2}\//.test(name) || name.startsWith('node:')
      const isDeclared = declared.some((each) => name === each || name.startsWith(`${each}/`))
      return isOurs || isDeclared ? [] : [`${path}: ${name}`]
    })
  })
  assert.deepEqual(others, [])
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

test('it brings along few packages, and few megabytes with Fastify', () => {
  const modules = join(project, 'node_modules')
  const packages = new Set(listInstalled(modules, ['portcullis', 'fastify']))
  assert.ok(packages.size <= 60, `${packages.size} packages: ${[...packages].join(', ')}`)
  const bytes = [...packages].flatMap((path) =>
    globSync('**/*', {
      cwd: path,
      withFileTypes: true,
      exclude: (entry) => entry.name === 'node_modules',
    })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size),
  )
  const total = bytes.reduce((sum, size) => sum + size, 0)
  assert.ok(total <= 20 * 2 ** 20, `${(total / 2 ** 20).toFixed(1)} MiB`)
})

/** Where packages are installed, and all that they need and that is there. */
function listInstalled(modules: string, names: readonly string[]): string[] {
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
  return listNeeded(packages, names).map((path) => join(dirname(modules), path))
}

test('the package is small', () => {
  assert.ok(statSync(tarballPath).size < 2 * 2 ** 20, 'more than 2 MiB to download')
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

const password = 'seven quiet otters juggle'

/** The environment in which `node` is this one. */
function on(node: string): { readonly PATH: string } {
  return { PATH: [dirname(node), process.env.PATH].join(delimiter) }
}

/** Starts a server, which the end of the test ends as Ctrl-C in a terminal would; returns where it listens. */
async function listen(
  t: TestContext,
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  cwd = project,
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = once(child, 'close')
  t.after(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
    await ended
  })
  let said = ''
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += chunk
    const [, url] = /(?:listens on |^)(http:[^\s"]+)["\n]/m.exec(said) ?? []
    if (url !== undefined) {
      child.stdout.resume()
      return url
    }
  }
  throw new Error(`${args.join(' ')} did not start: ${said}`)
}

function form(fields: Readonly<Record<string, string>>): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields) }
}

async function logInAndGet(url: string, path: string): Promise<Record<string, unknown>> {
  const login = await fetch(new URL('/auth/token', url), form({ username: 'alice', password }))
  const { access_token } = (await login.json()) as { access_token: string }
  const headers = { authorization: `Bearer ${access_token}` }
  const response = await fetch(new URL(path, url), { headers })
  return (await response.json()) as Record<string, unknown>
}

/** What each entry point imports. Of Node.js, the database and the test runner alone. */
const loads = {
  portcullis: '@node-rs/argon2 @node-rs/bcrypt bidi-js jose',
  'portcullis/fastify': '',
  'portcullis/web': '',
  'portcullis/hono': '',
  'portcullis/express': '',
  'portcullis/issuers': 'bidi-js jose',
  'portcullis/metrics': 'prom-client',
  // It loads nodemailer when mails are to be sent.
  'portcullis/mail': '',
  'portcullis/hosted-login': 'jose',
  'portcullis/client': '',
  // Its hashes are real, if cheap.
  'portcullis/testing': '@node-rs/argon2 @node-rs/bcrypt bidi-js jose',
  'portcullis/stores': '',
  'portcullis/stores/contract': 'node:test',
  'portcullis/stores/memory': '',
  'portcullis/stores/sqlite': 'node:sqlite',
  'portcullis/stores/postgres': 'pg',
  'portcullis/server': '@node-rs/argon2 @node-rs/bcrypt bidi-js fastify jose node:sqlite',
}

const loadScript = `
import { registerHooks } from 'node:module'

const packages = new Set()
registerHooks({
  resolve(specifier, context, next) {
    const ours = context.parentURL?.includes('/portcullis/dist/')
    if (ours && /^[^.#]/.test(specifier) && !/^node:(?!(sqlite|test)$)/.test(specifier)) {
      packages.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
    }
    return next(specifier, context)
  },
})

// What other modules, or the end of the process, would notice.
function look() {
  return [
    ...Reflect.ownKeys(globalThis).map((name) => 'global ' + String(name)),
    ...process.eventNames().map((name) => 'listeners of ' + String(name) + ': ' + process.listenerCount(name)),
    ...process.getActiveResourcesInfo(),
    ...Object.entries(process.env).map(([name, value]) => name + '=' + value),
  ]
}

// Modules of Node.js make these when they are first looked at.
void [process.stdin, process.stdout, process.stderr]
const before = new Set(look())
await import(process.argv[2])
const changes = look().filter((each) => !before.has(each))
console.log(JSON.stringify({ packages: [...packages].sort(), changes }))
`

const loginScript = `
import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { createAuth } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { buildApp } from 'portcullis/server'
import { memory } from 'portcullis/stores/memory'
import { sqlite } from 'portcullis/stores/sqlite'

assert.equal(typeof portcullis, 'function')
assert.equal(typeof secured, 'function')
const password = '${password}'
for (const store of [memory(), sqlite(process.argv[2])]) {
  const auth = await createAuth({ store })
  await auth.users.create({ username: 'alice', password, role: 'admin' })
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
  assert.match(docs.body, /^\\.swagger-ui/)
  const compressed = await app.inject({
    url: '/docs/static/swagger-ui.css',
    headers: { 'accept-encoding': 'gzip, br' },
  })
  assert.equal(compressed.headers['content-encoding'], 'gzip')
  assert.equal(gunzipSync(compressed.rawPayload).toString(), docs.body)
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

const contractScript = `
import { storeContract } from 'portcullis/stores/contract'
import { memory } from 'portcullis/stores/memory'

storeContract('my store', async () => {
  const store = memory()
  await store.open()
  return [store, store]
})
`

/** A store that says that it revoked a session, and did not. */
const brokenStoreScript = `
import { storeContract } from 'portcullis/stores/contract'
import { memory } from 'portcullis/stores/memory'

storeContract('a broken store', async () => {
  const store = memory()
  await store.open()
  Object.assign(store.sessions, { revoke: async () => true })
  return [store, store]
})
`

for (const { title, node } of runtimes) {
  test(`somebody else's store runs the contract on ${title}`, async () => {
    write('contract.test.mjs', contractScript)
    const said = await run(node(), ['--test', '--test-reporter=tap', 'contract.test.mjs'])
    assert.match(said, /my store keeps the contract of a store/)
    const [, passed = 0] = /^# pass (\d+)$/m.exec(said) ?? []
    assert.ok(Number(passed) > 70, said)
    assert.match(said, /^# fail 0$/m)
    write('broken.test.mjs', brokenStoreScript)
    await assert.rejects(
      run(node(), ['--test', '--test-reporter=tap', 'broken.test.mjs']),
      /not ok \d+ - a revoked session rotates no more/,
    )
  })

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
    const said = await run(command, ['--version'], project, on(node()))
    assert.equal(said, `${own.version}\n`)
  })

  test(`an example, copied out of the package, and the application of docs/getting-started.md run on ${title}`, async (t) => {
    const [example, documented] = [0, 1].map(() => mkdtempSync(join(project, 'app-')))
    assert.ok(example && documented)
    cpSync(join(installed, 'examples/quickstart'), example, { recursive: true })
    const document = readFileSync(join(installed, 'docs/getting-started.md'), 'utf8')
    const [, code = ''] = /```ts\n(\/\/ app\.ts\n[\s\S]*?)```/.exec(document) ?? []
    // The port of the document may be in use here.
    writeFileSync(join(documented, 'app.ts'), code.replace('port: 8000', 'port: 0'))
    const environment = { ...on(node()), PORT: '0', ADMIN_PASSWORD: password }
    const ofExample = await listen(t, node(), ['app.ts'], environment, example)
    assert.equal((await logInAndGet(ofExample, '/me')).username, 'alice')
    const ofDocument = await listen(t, node(), ['app.ts'], environment, documented)
    assert.deepEqual(await logInAndGet(ofDocument, '/hello'), { hello: 'alice' })
  })

  describe(`the entry points on ${title}`, { concurrency: 3 }, () => {
    for (const [name, packages] of Object.entries(loads)) {
      test(`${name} loads what it needs alone, and changes nothing by it, on ${title}`, async () => {
        const said = await run(node(), ['load.mjs', name])
        assert.deepEqual(JSON.parse(said), {
          packages: packages.split(' ').filter(Boolean),
          changes: [],
        })
      })
    }
  })
}

test('npx alone shows help, and with `serve` starts a server that answers a login', async (t) => {
  const environment = { PORT: '0', DATA_DIR: mkdtempSync(join(project, 'data-')) }
  assert.match(await run('npx', ['portcullis'], project, environment), /^Usage: portcullis /)
  const url = await listen(t, 'npx', ['portcullis', 'serve'], environment)
  const added = spawn('npx', ['portcullis', 'user', 'add', 'alice', '--role', 'admin'], {
    cwd: project,
    env: { ...inherited, ...environment },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  added.stdin.end(password)
  assert.deepEqual(await once(added, 'close'), [0, null])
  assert.equal((await logInAndGet(url, '/me')).username, 'alice')
})

test('a clone runs the server with the packages of `npm run install:server` alone, and no build', async (t) => {
  const clone = mkdtempSync(join(project, 'clone-'))
  const left = new Set(['.git', 'node_modules', 'dist', 'dist-client', 'data'])
  cpSync(root, clone, {
    recursive: true,
    filter: (path) => !left.has(relative(root, path)) && basename(path) !== 'node_modules',
  })
  const lock = readFileSync(join(clone, 'package-lock.json'), 'utf8')
  await run(
    'npm',
    ['run', '--silent', 'install:server', '--', '--prefer-offline', '--silent'],
    clone,
  )
  assert.equal(readFileSync(join(clone, 'package-lock.json'), 'utf8'), lock)
  const modules = join(clone, 'node_modules')
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
  for (const [path, { version }] of Object.entries<{ version: string }>(packages)) {
    assert.equal(version, JSON.parse(lock).packages[path]?.version, path)
  }
  const bytes = globSync('**/*', { cwd: clone, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  assert.ok(bytes < 60 * 2 ** 20, `${(bytes / 2 ** 20).toFixed(1)} MiB, and the history`)
  const environment = { PORT: '0', DATA_DIR: mkdtempSync(join(project, 'data-')) }
  const serve = ['src/cli/main.ts', 'serve']
  const url = await listen(t, process.execPath, serve, environment, clone)
  const page = await fetch(new URL('/docs/static/swagger-ui.css', url))
  assert.equal(page.status, 200)
  assert.match(await page.text(), /^\.swagger-ui/)
})

test('compiled code is kept within the package for the next start, and nowhere where that cannot be', async () => {
  const command = ['node_modules/portcullis/dist/cli/main.js', '--version']
  const kept = join(installed, 'node_modules/.cache')
  rmSync(kept, { recursive: true, force: true })
  assert.equal(await run(process.execPath, command), `${own.version}\n`)
  assert.ok(globSync('portcullis/*/*', { cwd: kept }).length > 5)
  rmSync(kept, { recursive: true })
  // Not even somebody who may write everywhere makes a directory below a file.
  writeFileSync(kept, '')
  assert.equal(await run(process.execPath, command), `${own.version}\n`)
  rmSync(kept)
})

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

test('where another package manager has installed no Fastify, no pg or no prom-client, a sentence names it', async () => {
  const other = mkdtempSync(join(tmpdir(), 'portcullis-peers-'))
  try {
    mkdirSync(join(other, 'node_modules'))
    const modules = join(project, 'node_modules')
    for (const name of readdirSync(modules)) {
      if (['portcullis', 'fastify', 'pg', 'prom-client'].includes(name) || name.startsWith('.'))
        continue
      symlinkSync(join(modules, name), join(other, 'node_modules', name), 'junction')
    }
    cpSync(installed, join(other, 'node_modules/portcullis'), { recursive: true })
    const serve = ['node_modules/portcullis/dist/cli/main.js', 'serve']
    await assert.rejects(run(process.execPath, serve, other), ({ message, cause }) => {
      assert.match(message, /The package fastify is missing: run npm install fastify\.\n$/)
      assert.equal(cause.code, 78)
      return true
    })
    await assert.rejects(
      run(process.execPath, [...serve.slice(0, 1), 'user', 'list'], other, {
        DATABASE_URL: 'postgres://user@127.0.0.1:1/database',
      }),
      /DATABASE_URL needs the package pg: run npm install pg\.\n$/,
    )
    symlinkSync(join(modules, 'fastify'), join(other, 'node_modules/fastify'), 'junction')
    await assert.rejects(
      run(process.execPath, serve, other, { PORT: '0', METRICS_PORT: '0' }),
      /METRICS_PORT needs the package prom-client: run npm install prom-client\.\n$/,
    )
  } finally {
    rmSync(other, { recursive: true, force: true })
  }
})

/** What is left of the package when a bundler has taken out what the code does not use. */
async function bundle(code: string): Promise<string> {
  write('entry.js', code)
  const output = await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      write: false,
      minify: true,
      ssr: 'entry.js',
      rolldownOptions: { external: [/^node:/] },
    },
  })
  assert.ok('output' in output)
  return output.output.map((each) => ('code' in each ? each.code : '')).join('')
}

test('a bundler leaves out what an application does not use', async () => {
  const every = await bundle("export * from 'portcullis/web'; export * from 'portcullis/client'")
  // Each is in the whole, so its absence elsewhere says something.
  const parts = {
    bearer: 'insufficient_scope',
    endpoints: 'unsupported_grant_type',
    client: 'The session has ended',
  }
  for (const part of Object.values(parts)) assert.ok(every.includes(part), part)

  const cases = [
    { code: "export { createClient } from 'portcullis/client'", most: 11_500, has: ['client'] },
    { code: "export { memoryStorage } from 'portcullis/client'", most: 500, has: [] },
    { code: "export { guard } from 'portcullis/web'", most: 1500, has: [] },
    { code: "export { createGuards } from 'portcullis/web'", most: 11_500, has: ['bearer'] },
    { code: "import 'portcullis/web'", most: 100, has: [] },
  ]
  for (const { code, most, has } of cases) {
    const bundled = await bundle(code)
    const found = Object.entries(parts).filter(([, part]) => bundled.includes(part))
    assert.deepEqual(
      found.map(([name]) => name),
      has,
      code,
    )
    assert.ok(bundled.length <= most, `${code}: ${bundled.length} characters`)
  }
})

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
  const store = path === undefined ? memory() : sqlite(path)
  const auth: Auth = await createAuth({ store, permissions: { 'stats:read': 'Read statistics' } })
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
import { all, createAuth, createGuards, guard, optional, refine } from 'portcullis'
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
export const { sessions, users: accounts, accessTokens, managedKeys, events, clients, identities, passwords } = auth
export const users = await accounts.list({ limit: 1 })
export const app = await buildApp({ auth })
export const plugin = portcullis
export const start = () => startServer(readConfig({}))
`,
  )
  await compile('library.ts', { noEmit: false, declaration: true, outDir: 'built' })
})
