// The server as it is run, with accounts and a relay, and what is asked of it.

import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createAuth } from '../../src/core/auth.ts'
import { issuer, password, passwordHash, secretKey, serverEnvironment } from '../compare/fixture.ts'
import { type Place, startServer } from '../compare/processes.ts'
import { withCleanup } from '../compare/rows/row.ts'
import { compileCommand } from '../compiled.ts'
import { createDatabase, type Database, type EngineName } from '../database.ts'
import { sourceOf } from '../serving.ts'
import { type Relay, type Step, startRelay } from './relay.ts'

/** The database that the environment asks for by ENGINE. Default SQLite. */
export const engine: EngineName = process.env.ENGINE === 'postgres' ? 'postgres' : 'sqlite'

/** SERVER_OPTIONS are those of Node.js, such as --cpu-prof. With BUILT=1 it is not compiled again: two of these files may run at once. */
const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** What was answered, and after how many milliseconds. */
export interface Answered {
  readonly status: number
  readonly milliseconds: number
  readonly text: string
}

export interface Site {
  readonly database: Database
  readonly relay: Relay
  /** Where the server listens. */
  readonly url: () => string
  /** Ends the server by SIGKILL. */
  kill(): Promise<void>
  /** Starts it again. */
  start(): Promise<void>
  /** Sends a request from a source; a body goes as JSON, and a form as a form. */
  ask(
    path: string,
    asked?: { readonly source?: string; readonly token?: string; readonly body?: object | string },
  ): Promise<Answered>
  /** Rows of a table. */
  rowsOf(table: string): Promise<number>
}

/** Users of a site: user-0 and so on, with a verified address of their name. */
export const addressOf = (user: number): string => `user-${user}@example.com`

/** Starts a server whose users have addresses, does something with it, and ends it. */
export async function withSite(
  users: number,
  work: (site: Site) => Promise<void>,
  onStep?: (step: Step) => void,
  where: Place = 'anywhere',
): Promise<void> {
  await withCleanup(async (onEnd) => {
    const relay = await startRelay(onStep)
    onEnd(relay.close)
    const database = await createDatabase(engine)
    onEnd(database.remove)
    const auth = await createAuth({ store: database.createStore(), issuer, secretKey })
    for (let user = 0; user < users; user++) {
      const email = addressOf(user)
      await auth.users.create({
        username: `user-${user}`,
        passwordHash,
        email,
        emailVerified: true,
      })
    }
    await auth.close()
    const environment = {
      ...serverEnvironment(database, engine),
      ...{ TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'fatal', REGISTRATION: 'open' },
      ...{ SMTP_URL: `smtp://127.0.0.1:${relay.port}`, MAIL_FROM: 'no-reply@example.com' },
    }
    const program = process.env.BUILT === '1' ? built : compileCommand()
    const options = process.env.SERVER_OPTIONS?.split(' ') ?? []
    const command = [process.execPath, ...options, program, 'serve']
    let server = await startServer({ command, environment }, where)
    onEnd(() => server.stop())
    const agent = new Agent({ keepAlive: true })
    onEnd(async () => agent.destroy())
    await work({
      ...{ database, relay, url: () => server.url },
      async kill() {
        const ended = once(server.child, 'close')
        server.child.kill('SIGKILL')
        await ended
      },
      async start() {
        server = await startServer({ command, environment }, where)
      },
      ask: (path, asked = {}) => ask(agent, server.url + path, asked),
      async rowsOf(table) {
        const [row] = await database.ask(`select count(*) as count from ${table}`)
        return Number(row?.count)
      },
    })
  })
}

function ask(
  agent: Agent,
  url: string,
  { source = sourceOf(1), token, body }: Parameters<Site['ask']>[1] & object,
): Promise<Answered> {
  const isForm = typeof body === 'string'
  const sent = isForm ? body : body && JSON.stringify(body)
  const headers = {
    'x-forwarded-for': source,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(sent !== undefined && {
      'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      'content-length': Buffer.byteLength(sent),
    }),
  }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    request(url, { method: sent === undefined ? 'GET' : 'POST', headers, agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        const milliseconds = performance.now() - began
        const text = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode ?? 0, milliseconds, text })
      })
    })
      .on('error', reject)
      .end(sent)
  })
}

/** Logs a user in: an access token, and one to end the session by. */
export async function logIn(
  site: Site,
  user: number,
): Promise<{ access: string; refresh: string }> {
  const body = new URLSearchParams({ username: `user-${user}`, password }).toString()
  const { status, text } = await site.ask('/auth/token', { source: sourceOf(1 << 23), body })
  if (status !== 200) throw new Error(`The login was answered with ${status}: ${text}`)
  const { access_token: access, refresh_token: refresh } = JSON.parse(text)
  return { access, refresh }
}

/** Begins something at even intervals, however long each takes; resolves when all have ended. */
export async function atRate<T>(
  perSecond: number,
  seconds: number,
  work: (number: number) => Promise<T>,
): Promise<readonly T[]> {
  const began = performance.now()
  const all: Promise<T>[] = []
  while (all.length < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, ((performance.now() - began) / 1000) * perSecond)
    while (all.length < due) all.push(work(all.length))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return await Promise.all(all)
}
