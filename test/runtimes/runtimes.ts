// The runtimes beside Node.js, where they are installed, with the built package in a directory.

import { spawn } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { rolldown } from 'rolldown'
import { buildPackage } from '../../scripts/testing/prepare.ts'
import { root } from '../house/sources.ts'
import { findPrepared, runEnvironment } from '../prepared.ts'

export type RuntimeName = 'bun' | 'deno' | 'workerd'

/** Where the packages of the platform have their programs. */
const places: Readonly<Record<RuntimeName, string>> = {
  bun: '@oven/bun-*/bin/bun{,.exe}',
  deno: '@deno/*/deno{,.exe}',
  workerd: '@cloudflare/workerd-*/bin/workerd{,.exe}',
}

/** The program of a runtime; undefined where it is not installed. */
export function findRuntime(name: RuntimeName): string | undefined {
  const cwd = join(import.meta.dirname, 'node_modules')
  const [program] = globSync(places[name], { cwd })
  return program && join(cwd, program)
}

/** Why tests of a runtime are skipped; false where it is installed. */
export function skipWithout(name: RuntimeName): string | false {
  const isThere = findRuntime(name) !== undefined
  return isThere ? false : `not checked: no ${name} here, npm ci --prefix test/runtimes installs it`
}

let built: Promise<string> | undefined

/** The package that the run has built, or one that is built for this file. */
async function packageDirectory(): Promise<string> {
  const prepared = findPrepared('package')
  if (prepared !== undefined) return prepared
  const directory = createDirectory()
  await buildPackage(directory)
  return directory
}

const scratch = mkdtempSync(join(tmpdir(), 'portcullis-runtimes-'))
const ends: (() => Promise<unknown>)[] = []
after(async () => {
  await Promise.all(ends.map((end) => end()))
  rmSync(scratch, { recursive: true, force: true })
})

function createDirectory(): string {
  return mkdtempSync(join(scratch, 'directory-'))
}

/** A copy of a folder, in which the package is installed. */
export async function installBeside(folder: string): Promise<string> {
  built ??= packageDirectory()
  const directory = createDirectory()
  cpSync(folder, directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(directory, 'node_modules/@hono'), { recursive: true })
  symlinkSync(await built, join(directory, 'node_modules/portcullis'), 'junction')
  for (const name of ['@hono/node-server', 'hono']) {
    symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name), 'junction')
  }
  return directory
}

/** Makes one file of a worker and all that it imports, as its deployment does. */
export async function bundleWorker(directory: string): Promise<void> {
  const bundle = await rolldown({ input: join(directory, 'worker.ts'), platform: 'node' })
  await bundle.write({ file: join(directory, 'worker.js') })
  await bundle.close()
}

/** Starts a program that says where it listens, until the end of the file. Returns its URL. */
export async function startProgram(
  [program = '', ...words]: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, DENO_NO_UPDATE_CHECK: '1', ...runEnvironment, ...environment }
  const child = spawn(program, words, { cwd, env })
  const exited = new Promise<unknown>((done) => child.once('close', done))
  ends.push(async () => {
    child.kill()
    await exited
  })
  let said = ''
  return await new Promise<string>((found, reject) => {
    const hear = (chunk: Buffer): void => {
      said += String(chunk)
      // Workerd tells its port as JSON.
      const [, url, port] = /(http:\/\/\S+:\d+)|"port":(\d+)/.exec(said) ?? []
      if (url ?? port) found(url ?? `http://127.0.0.1:${port}`)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void exited.then(() => reject(new Error(`${program} ended: ${said}`)))
  })
}

/** How a runtime is told to run a file: what follows is its configuration for workerd. */
export function commandOf(name: RuntimeName | 'node', file: string): readonly string[] {
  if (name === 'node') return [process.execPath, file]
  const program = findRuntime(name) ?? name
  if (name === 'bun') return [program, 'run', file]
  if (name === 'deno') return [program, 'run', '--allow-all', '--no-prompt', file]
  return [program, 'serve', file, '--socket-addr', 'http=127.0.0.1:0', '--control-fd=1']
}
