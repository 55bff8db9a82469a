import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { internals } from '../core/internals.ts'
import type { Store } from '../core/store.ts'
import { toUser, type User } from '../core/users/user.ts'
import type { UserRecord } from '../core/users/user-store.ts'
import { cannotWrite } from './file-failure.ts'
import { guardedField } from './import/formula.ts'
import { withAuth } from './with-auth.ts'

interface Options {
  readonly format: 'jsonl' | 'csv'
  readonly output?: string
  readonly withHashes?: boolean
}

/** `portcullis user export`: all that it takes to leave. `user import` reads it back. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write all users, to leave or to move')
    .addOption(
      new Option('--format <format>', 'how it is written')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .option('--output <file>', 'a new file that only you can read; default: standard output')
    .option(
      '--with-hashes',
      'with the hashes of their passwords, which passwords can be tried against',
    )
    .action(exportUsers)
}

async function exportUsers({ format, output, withHashes = false }: Options): Promise<void> {
  if (withHashes) {
    console.error(
      'This holds the hashes of passwords: keep it secret, and delete it when it has served.',
    )
  }
  await withAuth(async ({ [internals]: { store } }) => {
    const target = output === undefined ? process.stdout : await openNew(output)
    if (format === 'csv') await write(target, `${columnsOf(withHashes).join(',')}\r\n`)
    const lineOf = format === 'csv' ? csvLine : jsonLine
    for await (const page of pagesOf(store)) {
      await write(target, page.map((record) => lineOf(record, withHashes)).join(''))
    }
    if (target !== process.stdout) {
      target.end()
      await finished(target)
    }
  })
}

/** All users, ordered by username, some at a time. */
async function* pagesOf({ users }: Store): AsyncGenerator<readonly UserRecord[]> {
  const limit = 1000
  for (let after: string | undefined; ; ) {
    const page = await users.list({ limit, ...(after !== undefined && { after }) })
    yield page
    if (page.length < limit) return
    after = page.at(-1)?.username
  }
}

function columnsOf(withHashes: boolean): readonly (keyof Exported)[] {
  const columns = [
    ...(['id', 'username', 'role', 'active', 'createdAt'] as const),
    ...(['email', 'emailVerified', 'suspendedUntil', 'fields'] as const),
  ]
  return withHashes ? [...columns, 'passwordHash'] : columns
}

function jsonLine(record: UserRecord, withHashes: boolean): string {
  const user = exportedOf(record)
  return `${JSON.stringify(Object.fromEntries(columnsOf(withHashes).map((name) => [name, user[name]])))}\n`
}

type Exported = User & Pick<UserRecord, 'passwordHash'>

function exportedOf(record: UserRecord): Exported {
  return { ...toUser(record), passwordHash: record.passwordHash }
}

function csvLine(record: UserRecord, withHashes: boolean): string {
  const user = exportedOf(record)
  return `${columnsOf(withHashes)
    .map((column) => csvField(textOf(user[column])))
    .join(',')}\r\n`
}

/** Own fields are JSON; a user without any has an empty text. */
function textOf(value: Exported[keyof Exported]): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '')
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value)
}

/** RFC 4180 §2. Semicolons and tabs are quoted too, at which some spreadsheets divide a line. */
function csvField(text: string): string {
  const field = guardedField(text)
  return /[",;\t\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/** A file of our own: neither another's is written over, nor a readable one filled. */
async function openNew(path: string): Promise<Writable> {
  const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  try {
    await once(stream, 'open')
    return stream
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

/** Waits while the target is full, so that a slow reader does not fill the memory. */
async function write(target: Writable, text: string): Promise<void> {
  if (!target.write(text)) await once(target, 'drain')
}
