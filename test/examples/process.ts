// An example at work: a process of its own, in an empty directory, which says where it listens.

import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createDirectory } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { fromBuild, runEnvironment } from '../prepared.ts'

export interface RunningExample {
  readonly url: string
  readonly directory: string
}

/** A test, or whatever else ends. */
interface Ending {
  after(end: () => Promise<void>): void
}

interface ExampleOptions {
  /** Where it runs. Default: an empty directory. */
  readonly directory?: string
  /** What follows the file on the command line. */
  readonly words?: readonly string[]
}

/** Starts a file, one of `examples` by its path from there, and ends it with the test. */
export async function startExample(
  t: Ending,
  file: string,
  environment: Readonly<Record<string, string>> = {},
  { directory = createDirectory(), words = [] }: ExampleOptions = {},
): Promise<RunningExample> {
  const hook = join(root, 'examples/from-source.ts')
  const path = resolve(root, 'examples', file)
  const child = spawn(process.execPath, ['--import', hook, ...fromBuild, path, ...words], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      ADMIN_PASSWORD: goodPassword,
      ...runEnvironment,
      ...environment,
    },
  })
  const exited = new Promise<unknown>((done) => child.once('close', done))
  t.after(async () => {
    child.kill()
    await exited
  })
  let said = ''
  const url = await new Promise<string>((found, reject) => {
    const hear = (chunk: Buffer): void => {
      said += String(chunk)
      const [, address] = /(http:\S+)\n/.exec(said) ?? []
      if (address) found(address)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void exited.then(() => reject(new Error(`${file} ended: ${said}`)))
  })
  return { url, directory }
}

/** The answer to a login; the form is what every client of OAuth sends. */
export async function requestToken(
  url: string,
  username: string,
  password: string = goodPassword,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = new URLSearchParams({ grant_type: 'password', username, password })
  return await fetch(`${url}/auth/token`, { method: 'POST', headers, body })
}

/** Logs in, and returns the header of the requests that follow. */
export async function logIn(
  url: string,
  username: string,
  password?: string,
): Promise<{ readonly authorization: string }> {
  const answer = await requestToken(url, username, password)
  const { access_token } = (await answer.json()) as { access_token?: string }
  if (access_token === undefined) throw new Error(`${username} was answered ${answer.status}`)
  return { authorization: `Bearer ${access_token}` }
}

/** What is answered: the status, and the challenge without its prose, if any. */
export async function statusOf(
  url: string,
  init?: RequestInit,
): Promise<readonly [number, string | null]> {
  const { status, headers } = await fetch(url, init)
  const challenge = headers.get('www-authenticate')
  return [status, challenge?.replace(/, error_description="[^"]*"/, '') ?? null]
}
