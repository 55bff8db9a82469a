// Two processes that run the ready server on one database, and what users do with either over HTTP.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../../src/core/auth.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'
import { letGo, nextMessage } from '../../stores/child-message.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'
import type { Served } from '../accounts/site.ts'
import { askAgain } from '../ask-again.ts'
import { errorOf, mfaToken } from './device.ts'
import { clockHeader, pairOptions } from './pair-options.ts'

/** Two processes on one database. */
export interface Pair {
  /** The same database in this process. */
  readonly auth: Auth
  readonly clock: TestClock
  readonly one: Served
  readonly two: Served
  /** One of them after the other. */
  at(turn: number): Served
  /** Does something so many times at once, in turns at both. */
  atOnce<T>(times: number, act: (at: Served, index: number) => Promise<T>): Promise<readonly T[]>
  close(): Promise<void>
}

const program = join(import.meta.dirname, 'server-elsewhere.ts')

/** Starts them. @param database A file of SQLite, or the URL of an empty database of PostgreSQL. */
export async function startPair(database: string): Promise<Pair> {
  const keyEncryptionKey = randomBytes(32)
  const clock = createTestClock()
  const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
  const auth = await createTestAuth({ ...pairOptions, store, keyEncryptionKey, clock })
  const words = [database, keyEncryptionKey.toString('hex')]
  const children: readonly ChildProcess[] = [1, 2].map(() => fork(program, words))
  const close = async (): Promise<void> => {
    await Promise.all(children.map(letGo))
    await auth.close()
  }
  try {
    const ports = await Promise.all(children.map((child) => nextMessage<number>(child)))
    const [one, two] = ports.map((port) => served(port, auth, clock)) as [Served, Served]
    const at = (turn: number): Served => (turn % 2 ? two : one)
    return {
      ...{ auth, clock, one, two, at, close },
      atOnce: (times, act) =>
        Promise.all(Array.from({ length: times }, (_, index) => act(at(index), index))),
    }
  } catch (error) {
    await close()
    throw error
  }
}

let addresses = 0
/** Another one each time, so that no limit of a source is reached. */
const nextAddress = (): string => {
  addresses++
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`
}

/** The same server, for one who always comes from this address. */
export function comingFrom(at: Served, from: string): Served {
  return { ...at, call: (method, url, body, more) => at.call(method, url, body, { ...more, from }) }
}

function served(port: number, auth: Auth, clock: TestClock): Served {
  const ask: Served['call'] = async (method, url, body, { token, headers, from = '' } = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${url}`, {
      ...{ method, redirect: 'manual' },
      headers: {
        ...{ [clockHeader]: String(clock()), 'x-forwarded-for': from },
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const read: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body' | 'json'> = {
      ...{ statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: text },
      json: () => JSON.parse(text),
    }
    // The members that tests read.
    return read as LightMyRequestResponse
  }
  const call: Served['call'] = (method, url, body, options) => {
    const one = { ...options, from: options?.from ?? nextAddress() }
    return askAgain(() => ask(method, url, body, one))
  }
  return {
    ...{ call, clock },
    async user(username, { role, email = `${username}@example.com`, emailVerified } = {}) {
      const { id } = await auth.users.create({
        ...{ username, password: goodPassword, email },
        emailVerified: emailVerified ?? email !== null,
        ...(role !== undefined && { role }),
      })
      return id
    },
    async login(username, password = goodPassword) {
      const answer = await call(
        ...(['POST', '/auth/token'] as const),
        new URLSearchParams({ username, password }).toString(),
        { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      )
      return answer.json().access_token
    },
  }
}

/** What `/me` answers to a token. */
export const statusOf = async (at: Served, token: string): Promise<number> =>
  (await at.call('GET', '/me', undefined, { token })).statusCode

/** So many logins that have come to the second factor, begun in turns at both. */
export async function pendingLogins(
  { at }: Pick<Pair, 'at'>,
  username: string,
  times: number,
): Promise<(index: number) => string> {
  const tokens: string[] = []
  for (let each = 0; each < times; each++) tokens.push(await mfaToken(at(each), username))
  return (index) => tokens[index] ?? assert.fail()
}

/** How often each outcome came. */
export function tally(
  answers: readonly LightMyRequestResponse[],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers) {
    const outcome = answer.statusCode === 429 ? '429' : errorOf(answer)
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

/** Defines tests once for each database, all on one pair of processes there. */
export async function onTwoProcesses(define: (pair: () => Pair) => void): Promise<void> {
  const { server, skip } = await startPostgresOrSkip()
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-pair-'))
  const engines = [
    { name: 'SQLite', skip: false, locate: async () => join(directory, 'pair.db') },
    { name: 'PostgreSQL', skip, locate: async () => (await server?.createDatabase('pair')) ?? '' },
  ]
  for (const { name, skip, locate } of engines) {
    describe(`two processes on ${name}`, { skip }, () => {
      let pair: Pair | undefined
      before(async () => {
        pair = await startPair(await locate())
      })
      after(() => pair?.close())
      define(() => pair ?? assert.fail('the processes have not started'))
    })
  }
  after(async () => {
    await server?.remove()
    rmSync(directory, { recursive: true, force: true })
  })
}
