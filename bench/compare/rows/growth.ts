import { createAuth } from '../../../src/core/auth.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { createDatabase, type Database } from '../../database.ts'
import { fillSessions, fillUsers } from '../../fill.ts'
import { ours } from '../contestants.ts'
import { issueFor, issuer, passwordHash, secretKey, serverEnvironment } from '../fixture.ts'
import { load } from '../load.ts'
import { startServer } from '../processes.ts'
import { type Contestant, compete } from '../rounds.ts'
import { form, loginConnections } from './login.ts'
import { withTokens } from './me.ts'
import { type Row, withCleanup } from './row.ts'

const levels = [1_000, 100_000, 1_000_000]
/** Sessions and users that are asked for, of all that there are: the same number at every level. */
const asked = Math.min(...levels)

/** The same requests with more and more users and sessions, side by side. */
export const growth: Row = {
  title: 'growth, SQLite',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const contestants: Contestant[] = []
      const figures: Record<string, Record<string, number>> = {}
      for (const level of levels.filter((users) => users <= effort.users)) {
        const database = await createDatabase('sqlite')
        onEnd(database.remove)
        const empty = await sizeOf(database)
        const users: UserRecord[] = []
        await fillUsers(database, users, level, level)
        const withUsers = await sizeOf(database)
        await fillSessions(database, users, { from: 0, to: level, of: level })
        await database.settle()
        const name = level.toLocaleString('en')
        figures[name] = {
          bytesPerUser: Math.round((withUsers - empty) / level),
          bytesPerSession: Math.round(((await sizeOf(database)) - withUsers) / level),
        }
        const { usernames, tokens } = await sample(database)
        const { url, stop } = await startServer(
          ours(serverEnvironment(database, 'sqlite')),
          'anywhere',
        )
        onEnd(stop)
        const logins = form(usernames)
        contestants.push(
          {
            name: `GET /me, ${name}`,
            measure: (seconds) => load(url, withTokens(tokens), { seconds }),
          },
          {
            name: `login, ${name}`,
            measure: (seconds) =>
              load(url, logins, { seconds, connections: loginConnections, where: 'anywhere' }),
          },
        )
      }
      return { series: await compete(contestants, effort), figures }
    }),
}

async function sizeOf(database: Database): Promise<number> {
  return (await database.sizes()).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Some users of all, with a password, and tokens of some sessions. */
async function sample(database: Database) {
  await database.ask(
    `update users set password_hash = '${passwordHash}' where id in (select id from users order by random() limit ${asked})`,
  )
  const rows = await database.ask(
    `select username from users where password_hash = '${passwordHash}' limit ${asked}`,
  )
  const sessions = await database.ask(
    `select sessions.id as session, users.id, users.role from sessions join users on users.id = user_id
      order by random() limit ${asked}`,
  )
  const store = database.createStore()
  const auth = await createAuth({ store, issuer, secretKey, accessTokenLifetime: 3600 })
  const tokens: string[] = []
  for (const { session, id, role } of sessions) {
    tokens.push(await issueFor(auth, { id: String(id), role: String(role) }, String(session)))
  }
  await auth.close()
  return { usernames: rows.map(({ username }) => String(username)), tokens }
}
