// An application to type-check: 200 Fastify routes, with a guard or without.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
/** The compiler of this repository. */
export const compiler: string = join(root, 'node_modules/typescript/bin/tsc')
const files = 20
const routesInFile = 10
/** Routes of the application. */
export const routeCount: number = files * routesInFile

/** The four kinds of routes that take turns, with a guard or without. */
function routeOf(index: number, isGuarded: boolean): string {
  const guards = ['activeUser', "requireRole('admin')", "requirePermission('items:write')"]
  const handler = (parameters: string, body: string): string =>
    isGuarded
      ? `secured(${guards[index % guards.length]}, async (user, ${parameters}) => { ${body} })`
      : `async (${parameters}) => { ${body} }`
  const name = isGuarded ? 'user.username' : "'alice'"
  const item = `{ id: ${index}, name: ${name} }`
  switch (index % 4) {
    case 0:
      return `app.get('/r${index}', ${handler('request', `return { url: request.url, name: ${name} }`)})`
    case 1:
      return `app.get('/r${index}/:id', { schema: { params: Key, response: { 200: Item } } },
        ${handler('request', `return { id: request.params.id, name: ${name} }`)})`
    case 2:
      return `app.post('/r${index}', { schema: { body: NewItem, response: { 201: Item } } },
        ${handler('request, reply', `reply.code(201); return { id: request.body.price, name: ${name} }`)})`
    default:
      return `app.delete<{ Params: { id: string } }>('/r${index}/:id',
        ${handler('request, reply', `reply.header('x-id', request.params.id); return ${item}`)})`
  }
}

function fileOf(number: number, isGuarded: boolean): string {
  const routes = Array.from({ length: routesInFile }, (_, index) =>
    routeOf(number * routesInFile + index, isGuarded),
  )
  return `import { type App, Item, Key, NewItem } from './app.ts'
${isGuarded ? "import { secured } from 'portcullis/fastify'\nimport { activeUser, requirePermission, requireRole } from './guards.ts'" : ''}
export function routes${number}(app: App): void {
${routes.join('\n')}
}
`
}

const app = `import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
export const Key = Type.Object({ id: Type.Integer() })
export const NewItem = Type.Object({ name: Type.String(), price: Type.Number() })
export const Item = Type.Object({ id: Type.Integer(), name: Type.String() })
export const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
export type App = typeof app
`
const guards = `import { createAuth, createGuards } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
const auth = await createAuth({ store: sqlite('app.db') })
export const { activeUser, requirePermission, requireRole } = createGuards(auth)
`
const options = {
  compilerOptions: {
    ...{ target: 'es2024', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true },
    ...{ types: ['node'], allowImportingTsExtensions: true },
  },
}

/** Writes an application, in which the package of a directory is installed. */
export function writeApplication(directory: string, packageOf: string, isGuarded: boolean): void {
  const install = (name: string, from: string): void => {
    const path = join(directory, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(from, path, 'junction')
  }
  install('portcullis', packageOf)
  for (const name of ['fastify', '@fastify/type-provider-typebox', 'typebox', '@types/node']) {
    install(name, join(root, 'node_modules', name))
  }
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('package.json', '{ "type": "module" }')
  write('tsconfig.json', JSON.stringify(options))
  write('app.ts', app)
  if (isGuarded) write('guards.ts', guards)
  for (let number = 0; number < files; number++) {
    write(`routes-${number}.ts`, fileOf(number, isGuarded))
  }
}

/** Makes a package of the types alone: what an application compiles against. */
export function buildTypes(directory: string): void {
  const words = ['-p', 'tsconfig.build.json', '--outDir', join(directory, 'dist')]
  execFileSync(process.execPath, [compiler, ...words], { cwd: root, stdio: 'inherit' })
  cpSync(join(root, 'package.json'), join(directory, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
}

/** What the compiler says of one run. */
export interface Diagnostics {
  /** Seconds of processor time of the whole compiler. */
  readonly processor: number
  /** Seconds of checking alone. */
  readonly check: number
  readonly instantiations: number
}

/** Checks an application. One thread, so that the work is the same in each run. */
export function typeCheck(directory: string): Diagnostics {
  const script = 'TIMEFORMAT="%U %S"; time "$@"'
  const tsc = [compiler, '--noEmit', '--extendedDiagnostics', '--singleThreaded', '-p', directory]
  const words = ['-c', script, 'bash', process.execPath, ...tsc]
  const { status, stdout, stderr } = spawnSync('bash', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The application does not compile:\n${stdout}${stderr}`)
  const [user, system] = stderr.trim().split(' ').map(Number)
  const told = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(stdout)?.[1])
  return {
    processor: (user ?? Number.NaN) + (system ?? Number.NaN),
    check: told('Check time'),
    instantiations: told('Instantiations'),
  }
}
