import { setImmediate } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { checkRole, type Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import type { AuthEvent } from '../events/event-store.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { Store } from '../store.ts'
import { createRecordMaker, type ImportedUser } from './imported-record.ts'
import type { OwnFields } from './own-fields.ts'
import type { UserRecord } from './user-store.ts'
import { type UpdateUser, updateOf } from './user-update.ts'

/** One entry of an older system's export: a user, or why there is none in it. */
export type ImportEntry = { readonly line: number } & (
  | { readonly user: ImportedUser; readonly problem?: never }
  | { readonly problem: string; readonly user?: never }
)

/** How many entries came to what, so far. */
export interface ImportCounts {
  /** New users. */
  readonly created: number
  /** Of `created`: users who cannot log in with a password. */
  readonly withoutPassword: number
  /** With `update`: users who are there, and were not as the entry says. */
  readonly updated: number
  /** With `update`: users whose password was set or renewed here, and is not that of the entry. */
  readonly passwordKept: number
  /**
   * The username is taken: by an earlier import, by an existing user, or by an earlier entry. With
   * `update`, the user is also as the entry says.
   */
  readonly skipped: number
  /** Entries that were not imported; see `onRefused`. */
  readonly refused: number
}

/** An entry that was not imported, and why. */
export interface RefusedEntry {
  /** The line of the export, from 1. */
  readonly line: number
  /** The name in the entry, if there is one. */
  readonly username?: string
  /** Why it was not imported, in one sentence. */
  readonly problem: string
}

/** How an import is done, and who hears of it. */
export interface ImportOptions {
  /** The role of those that name none. Default: the `defaultRole` of `createAuth`. */
  readonly role?: string | undefined
  /**
   * Changes users whose username is taken to what their entry names of role, state and password hash,
   * each change with its event. A password that was set or renewed here stays. An address is given to
   * those who have none, or verified, which ends their sessions. Own fields that the entry names are set,
   * and others stay. Default: they are skipped.
   */
  readonly update?: boolean | undefined
  /** Checks and counts, and creates and changes nobody. Default false. */
  readonly dryRun?: boolean | undefined
  /** Who imports, for the events. Default: unknown. */
  readonly by?: Actor | undefined
  /** Called for each entry that is not imported. Default: nothing is called. */
  readonly onRefused?: (entry: RefusedEntry) => void
  /** Called after every batch. Default: nothing is called. */
  readonly onProgress?: (counts: ImportCounts) => void
  /** Ends the import between two batches; what was read for the next is left out. Default none. */
  readonly signal?: AbortSignal
}

/** Entries, as they come. */
export type ImportSource = AsyncIterable<ImportEntry> | Iterable<ImportEntry>

/** Imports users; see `Users.importUsers`. */
export type ImportUsers = (source: ImportSource, options?: ImportOptions) => Promise<ImportCounts>

export interface UserImporterOptions {
  readonly store: Store
  readonly hasher: PasswordHasher
  readonly events: AuthEvents
  readonly roles: Roles
  readonly defaultRole: string
  readonly fields: OwnFields
  readonly clock: Clock
  readonly updateUser: UpdateUser
}

/** Rows of one statement, which is one transaction: long enough for its commit not to matter. */
const batchSize = 2000

const idTaken = 'The id is that of another user.'
const emailTaken = 'Another user has verified the e-mail address.'

interface Candidate {
  readonly line: number
  readonly user: ImportedUser
  readonly record: UserRecord
}

export function createUserImporter(options: UserImporterOptions): ImportUsers {
  const { store, events, roles, defaultRole, updateUser } = options
  const toRecord = createRecordMaker(options)

  return async (source, importOptions = {}) => {
    const { role = defaultRole, update, dryRun, by, onRefused, onProgress, signal } = importOptions
    checkRole(roles, role)
    const importId = uuidv7()
    const counts = {
      ...{ created: 0, withoutPassword: 0, updated: 0, passwordKept: 0 },
      ...{ skipped: 0, refused: 0 },
    }
    /** Users of a dry run as they would be, which the store does not learn of. */
    const seen = new Map<string, UserRecord>()
    /** Their verified addresses, each with the username. */
    const seenEmails = new Map<string, string>()
    let batch: Candidate[] = []

    function refuse(entry: RefusedEntry): void {
      counts.refused++
      onRefused?.(entry)
    }

    /** Creates users, and an event of how many they are: one for each transaction. */
    async function createRecorded(records: readonly UserRecord[]): Promise<readonly string[]> {
      let event: AuthEvent | undefined
      const created = await store.users.createMany(records, (usernames) => {
        const details = { import_id: importId, created: usernames.length }
        event = events.stamp({ ...by, type: 'users_imported', details })
        return event
      })
      if (event) events.publish(event)
      return created
    }

    /** Returns the usernames that were created, or would be. */
    async function create(records: readonly UserRecord[]): Promise<Set<string>> {
      if (!dryRun) return new Set(await createRecorded(records))
      const names = records.map(({ username }) => username)
      const taken = new Set(await store.users.takenAmong(names))
      const free = new Set<string>()
      for (const record of records) {
        const { username } = record
        if (taken.has(username) || seen.has(username) || (await hasTakenEmail(record))) continue
        free.add(username)
        rememberEmail(record)
      }
      return free
    }

    /** Whether another user has verified the address that the record has as verified. */
    async function hasTakenEmail(record: UserRecord): Promise<boolean> {
      const key = verifiedKeyOf(record)
      if (key === null) return false
      const { username } = record
      const stored = await store.users.findByEmail(key)
      return (
        (stored?.username ?? username) !== username ||
        (seenEmails.get(key) ?? username) !== username
      )
    }

    function rememberEmail(record: UserRecord): void {
      const key = verifiedKeyOf(record)
      if (key !== null) seenEmails.set(key, record.username)
    }

    async function write(): Promise<void> {
      const created = await create(batch.map(({ record }) => record))
      const rest: Candidate[] = []
      for (const candidate of batch) {
        const { username, passwordHash } = candidate.record
        // Of two in one batch with the same name, the first was created.
        if (!created.delete(username)) {
          rest.push(candidate)
          continue
        }
        counts.created++
        if (passwordHash === null) counts.withoutPassword++
        if (dryRun) seen.set(username, candidate.record)
      }
      await (update ? updateAll(rest) : skipAll(rest))
      batch = []
      onProgress?.({ ...counts })
      // SQLite answers at once: without a turn, requests and signals would wait for the whole import.
      await setImmediate()
    }

    /** Why a user was not created whose name is free. */
    async function whyNot(record: UserRecord): Promise<string> {
      return (await hasTakenEmail(record)) ? emailTaken : idTaken
    }

    async function skipAll(rest: readonly Candidate[]): Promise<void> {
      const names = rest.map(({ record }) => record.username).filter((name) => !seen.has(name))
      const taken = new Set(names.length === 0 ? [] : await store.users.takenAmong(names))
      for (const { line, record } of rest) {
        const { username } = record
        if (taken.has(username) || seen.has(username)) counts.skipped++
        else refuse({ line, username, problem: await whyNot(record) })
      }
    }

    /** Remembers what an update would make of a user; returns why it could not be made, or null. */
    async function pretend(record: UserRecord): Promise<string | null> {
      if (await hasTakenEmail(record)) return emailTaken
      seen.set(record.username, record)
      rememberEmail(record)
      return null
    }

    async function updateAll(rest: readonly Candidate[]): Promise<void> {
      for (const { line, user, record } of rest) {
        const { username } = record
        const stored = seen.get(username) ?? (await store.users.findByUsername(username))
        if (stored === null) {
          refuse({ line, username, problem: await whyNot(record) })
          continue
        }
        const change = updateOf(stored, user, record)
        if (change.passwordKept) counts.passwordKept++
        if (Object.keys(change.changes).length === 0) {
          counts.skipped++
          continue
        }
        const problem = dryRun
          ? await pretend({ ...stored, ...change.changes })
          : await updateUser(stored, change, by)
        if (problem === null) counts.updated++
        else refuse({ line, username, problem })
        await setImmediate()
      }
    }

    for await (const { line, user, problem } of source) {
      if (signal?.aborted) return counts
      if (user === undefined) {
        refuse({ line, problem })
        continue
      }
      const record = await toRecord(user, role)
      if (typeof record === 'string') refuse({ line, username: user.username, problem: record })
      else batch.push({ line, user, record })
      if (batch.length === batchSize) await write()
    }
    if (batch.length > 0 && !signal?.aborted) await write()
    return counts
  }
}

function verifiedKeyOf({ emailKey, emailVerifiedAt }: UserRecord): string | null {
  return emailVerifiedAt === null ? null : emailKey
}
