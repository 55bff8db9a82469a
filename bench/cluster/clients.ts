// Clients that log in, ask, refresh and log out, each request at another process; and one that changes roles.

import { setTimeout } from 'node:timers/promises'
import { password } from '../compare/fixture.ts'
import type { Answer, Asked, Lane } from './lane.ts'
import type { Changing, Ledger, Session } from './ledger.ts'
import { nameOf, type Users } from './site.ts'
import type { Kind, Watch } from './watch.ts'

/** Milliseconds between two requests of a client, on average. */
const pause = 150
/** Refreshes before a client logs out. */
const refreshes = 4

export interface Crowd {
  /** One for each process that they use. */
  readonly lanes: readonly Lane[]
  readonly ledger: Ledger
  readonly watch: Watch
  readonly users: Users
  readonly isOver: () => boolean
}

export function anyOf<T>(all: readonly T[]): T {
  // The lists are not empty.
  return all[Math.floor(Math.random() * all.length)] as T
}

/** Asks any process, and notes what it answered. */
async function ask(
  { lanes, watch }: Crowd,
  kind: Kind,
  path: string,
  asked: Asked,
): Promise<Answer> {
  await setTimeout(2 * pause * Math.random())
  const lane: Lane = anyOf(lanes)
  const answer = await lane.ask(path, asked)
  watch.note(kind, lane.pid, answer)
  return answer
}

/** Asks until there is an answer that is not "not now"; null if the drill is over before. */
async function insist(crowd: Crowd, ...asked: [Kind, string, Asked]): Promise<Answer | null> {
  while (!crowd.isOver()) {
    const answer = await ask(crowd, ...asked)
    if (answer.status !== 0 && answer.status < 500) return answer
  }
  return null
}

function sessionOf({ body }: Answer): Session {
  return { accessToken: String(body.access_token), refreshToken: String(body.refresh_token) }
}

export async function logIn(
  crowd: Crowd,
  username: string,
  source: number,
): Promise<Session | null> {
  const form = { username, password }
  const answer = await insist(crowd, 'login', '/auth/token', { form, source })
  if (answer === null) return null
  if (answer.status !== 200) throw new Error(`A login was refused: ${JSON.stringify(answer.body)}`)
  return sessionOf(answer)
}

async function read(crowd: Crowd, { accessToken: token }: Session): Promise<void> {
  const { status } = await ask(crowd, 'guarded read', '/me', { token })
  if (status === 401) crowd.ledger.refusedAlive++
}

/** A client that reads at one process, whatever becomes of writes. */
export async function runReader(crowd: Crowd, lane: Lane, number: number): Promise<void> {
  const session = await logIn(crowd, nameOf.reader(number), 1500 + number)
  while (session !== null && !crowd.isOver()) await read({ ...crowd, lanes: [lane] }, session)
}

/** One client, from login to log-out and again, until the drill is over. */
export async function runClient(crowd: Crowd, number: number): Promise<void> {
  const { ledger, isOver } = crowd
  while (!isOver()) {
    const session = await logIn(crowd, nameOf.client(number), number)
    if (session === null) return
    for (let turn = 0; turn < refreshes && !isOver(); turn++) {
      for (let times = 0; times < 3; times++) await read(crowd, session)
      const form = { grant_type: 'refresh_token', refresh_token: session.refreshToken }
      const answer = await insist(crowd, 'refresh', '/auth/token', { form })
      if (answer?.status === 200) Object.assign(session, sessionOf(answer))
      else if (answer !== null) {
        ledger.loggedOut++
        break
      }
    }
    const form = { token: session.refreshToken }
    const answer = await insist(crowd, 'log-out', '/auth/revoke', { form })
    if (answer?.status === 200) ledger.ended.push({ ...session, at: answer.answeredAt })
  }
}

/** Makes the users whose role is to be changed known to the ledger. */
export async function enterChanging(crowd: Crowd): Promise<void> {
  for (let number = 0; number < crowd.users.changing; number++) {
    const session = await logIn(crowd, nameOf.changing(number), 1000 + number)
    const { accessToken } = session ?? { accessToken: '' }
    const { body } = await anyOf(crowd.lanes).ask('/me', { token: accessToken })
    const role = String(body.role)
    crowd.ledger.changing.push({ id: String(body.id), accessToken, possible: [role], changes: 0 })
  }
}

/** The administrator, who changes one role after another. */
export async function changeRoles(crowd: Crowd): Promise<void> {
  const administrator = await logIn(crowd, nameOf.administrator, 2000)
  while (!crowd.isOver()) {
    const user: Changing = anyOf(crowd.ledger.changing)
    const role = user.possible.includes('admin') ? 'member' : 'admin'
    user.possible = [...new Set([...user.possible, role])]
    user.changes++
    const json = { role }
    const token = administrator?.accessToken ?? ''
    const path = `/admin/users/${user.id}/role`
    const { status } = await ask(crowd, 'role', path, { method: 'PUT', json, token })
    if (status >= 200 && status < 300) {
      user.possible = [role]
      user.changes++
    }
    await setTimeout(200)
  }
}
