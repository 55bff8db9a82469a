// A server with accounts switched on, on every database, and the mails that it sends.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import type { AccountOptions } from '../../../src/core/accounts/account-options.ts'
import type { Auth } from '../../../src/core/auth.ts'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import { internals } from '../../../src/core/internals.ts'
import type { MailKind } from '../../../src/core/mail/kinds.ts'
import { type KeptMail, type Mailbox, mailbox } from '../../../src/core/mail/mailbox.ts'
import type { Mailer } from '../../../src/core/mail/mailer.ts'
import type { Store } from '../../../src/core/store.ts'
import { type AppOptions, buildApp } from '../../../src/server/app.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'
import { askAgain } from '../ask-again.ts'
import { login } from '../fixtures.ts'

const { server, skip } = await startPostgresOrSkip()

/** Every row of every table, by the name of the table. */
export type Dump = Readonly<Record<string, readonly object[]>>

interface Database {
  /** Opens it, as every process does for itself. */
  open(): Store
  dump(): Promise<Dump>
  remove(): Promise<void>
}

interface Engine {
  readonly name: string
  readonly skip: string | false
  create(): Promise<Database>
}

const engines: readonly Engine[] = [
  { name: 'SQLite', skip: false, create: async () => createSqlite() },
  { name: 'PostgreSQL', skip, create: createPostgres },
]

function createSqlite(): Database {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-accounts-'))
  const file = join(directory, 'portcullis.db')
  return {
    open: () => sqlite(file),
    async dump() {
      const reader = new DatabaseSync(file, { readOnly: true })
      const tables = reader.prepare("select name from sqlite_schema where type = 'table'").all()
      const rows = tables.map(({ name }) => [name, reader.prepare(`select * from "${name}"`).all()])
      reader.close()
      return Object.fromEntries(rows)
    },
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  }
}

let databases = 0

/** One that has its tables already, to be copied: they take longer to make than to copy. */
let template: Promise<string> | undefined

async function createTemplate(): Promise<string> {
  const url = (await server?.createDatabase('accounts')) ?? ''
  const store = postgres(url)
  await store.open()
  await store.close()
  return url
}

async function createPostgres(): Promise<Database> {
  template ??= createTemplate()
  const url = new URL(await template)
  url.pathname = '/postgres'
  const name = `accounts_${++databases}`
  const maker = new pg.Client({ connectionString: url.href })
  await maker.connect()
  await maker.query(`create database ${name} template accounts`)
  await maker.end()
  url.pathname = `/${name}`
  return openPostgres(url.href)
}

function openPostgres(url: string): Database {
  const key = randomBytes(32)
  return {
    open: () => ({ ...postgres(url, { maxConnections: 4 }), keyEncryptionKey: async () => key }),
    async dump() {
      const reader = new pg.Client({ connectionString: url })
      await reader.connect()
      const { rows: tables } = await reader.query<{ name: string }>(
        "select tablename as name from pg_tables where schemaname = 'public'",
      )
      const found: [string, object[]][] = []
      for (const { name } of tables) {
        found.push([name, (await reader.query(`select * from "${name}"`)).rows])
      }
      await reader.end()
      return Object.fromEntries(found)
    },
    remove: async () => {},
  }
}

/** What a request may have beside its body. */
export interface CallOptions {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Where it comes from. Default: another address each time, so that no limit of a source is reached. */
  readonly from?: string
}

/** A server as its users see it. */
export interface Served {
  readonly clock: TestClock
  /** Sends a request; with a body, as JSON. */
  call(
    method: string,
    url: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<LightMyRequestResponse>
  /** Makes a user with a verified address, unless told otherwise. */
  user(
    name: string,
    more?: { role?: string; email?: string | null; emailVerified?: boolean },
  ): Promise<string>
  /** Logs in and returns the access token. */
  login(name: string, password?: string): Promise<string>
}

export interface Site extends Served {
  readonly app: FastifyInstance
  readonly auth: Auth
  readonly box: Mailbox
  dump(): Promise<Dump>
  /**
   * Another process on the same database, with the same clock and mails of its own.
   *
   * @param auth Options that are others there. Default: the same.
   */
  twin(auth?: Partial<AuthOptions>): Promise<Site>
  /** Sends the mails that wait, and returns those that are new, oldest first. */
  sent(): Promise<readonly KeptMail[]>
  /** The token of the only new mail of a kind. */
  tokenOf(kind: MailKind): Promise<string>
}

export interface SiteOptions {
  readonly accounts?: Partial<AccountOptions> | null
  readonly auth?: Partial<AuthOptions>
  readonly app?: Partial<AppOptions>
  /** True while mails arrive but their relay's answer does not. Default: never. */
  readonly losesAnswers?: () => boolean
}

export const issuer = 'https://auth.example.test'
export const from = 'Example <no-reply@example.test>'

let addresses = 0
const nextAddress = (): string => {
  addresses++
  return `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`
}

/** The token of a mail's link. */
export function tokenIn({ link }: Pick<KeptMail, 'link'>): string {
  return new URL(link ?? 'none:').hash.replace('#token=', '')
}

async function openSite(
  database: Database,
  clock: TestClock,
  options: SiteOptions,
): Promise<Site & { close(): Promise<void> }> {
  const box = mailbox()
  const mailer: Mailer = {
    async send(mail, signal) {
      await box.send(mail, signal)
      if (options.losesAnswers?.()) throw new Error('the answer of the relay is lost')
    },
  }
  const accounts = options.accounts === null ? undefined : { mailer, from, ...options.accounts }
  const auth = await createTestAuth({
    ...{ store: database.open(), issuer, clock },
    ...(accounts && { accounts }),
    ...options.auth,
  })
  const app = await buildApp({ auth, prune: false, ...options.app })
  const seen = new Set<string>()
  const twins: { close(): Promise<void> }[] = []

  async function sent(): Promise<readonly KeptMail[]> {
    await auth[internals].outbox?.sendDue()
    const mails = box.mails.filter(({ id }) => !seen.has(id)).reverse()
    for (const { id } of mails) seen.add(id)
    return mails
  }

  return {
    ...{ app, auth, box, clock, sent },
    dump: database.dump,
    async twin(auth = {}) {
      const others = { ...options, auth: { ...options.auth, ...auth } }
      const twin = await openSite({ ...database, remove: async () => {} }, clock, others)
      twins.push(twin)
      return twin
    },
    async call(method, url, body, { token, headers, from: remoteAddress = nextAddress() } = {}) {
      const request = {
        ...{ method: method as 'GET', url, remoteAddress },
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      }
      return await askAgain(() => app.inject(request))
    },
    async tokenOf(kind) {
      const found = (await sent()).filter((mail) => mail.kind === kind)
      if (found.length !== 1) throw new Error(`${found.length} mails of ${kind}`)
      return tokenIn(found[0] as KeptMail)
    },
    async user(username, { role, email = `${username}@example.com`, emailVerified } = {}) {
      const { id } = await auth.users.create({
        ...{ username, password: goodPassword, email },
        emailVerified: emailVerified ?? email !== null,
        ...(role !== undefined && { role }),
      })
      return id
    },
    async login(username, password = goodPassword) {
      const answer = await login(app, username, { password })
      return answer.json().access_token
    },
    async close() {
      for (const twin of twins) await twin.close()
      await app.close()
      await auth.close()
      await database.remove()
    },
  }
}

/** Defines tests once for each database. Each test opens sites of its own, which are closed at the end. */
export function onEveryEngine(
  define: (open: (options?: SiteOptions) => Promise<Site>) => void,
): void {
  for (const engine of engines) {
    describe(engine.name, { skip: engine.skip }, () => {
      const open: { close(): Promise<void> }[] = []
      after(async () => {
        for (const site of open) await site.close()
      })
      define(async (options = {}) => {
        const site = await openSite(await engine.create(), createTestClock(), options)
        open.push(site)
        return site
      })
    })
  }
  after(() => server?.remove())
}
