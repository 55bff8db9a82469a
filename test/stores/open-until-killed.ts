// A process that opens a database and closes it, and says how many statements that took; or that kills
// itself (kill -9) before the statement of a given number.

import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { postgres } from '../../src/stores/postgres/index.ts'
import { sqlite } from '../../src/stores/sqlite/index.ts'

const [, , database = '', killBefore = '0'] = process.argv

/** How many statements there were, and which one made the new tables known to others. */
export interface Count {
  statements: number
  commit: number
}

const count: Count = { statements: 0, commit: 0 }

/** The method of a driver that every statement passes through, made to count. */
function counted<Method extends (...parameters: never[]) => unknown>(method: Method): Method {
  return function (this: unknown, ...parameters: never[]) {
    count.statements++
    const statement: unknown = parameters[0]
    const text = typeof statement === 'string' ? statement : Object(statement).text
    // Later ones are of what the store does with its tables.
    if (/^commit/i.test(String(text))) count.commit ||= count.statements
    if (count.statements === Number(killBefore)) process.kill(process.pid, 'SIGKILL')
    return method.apply(this, parameters)
  } as Method
}
DatabaseSync.prototype.exec = counted(DatabaseSync.prototype.exec)
DatabaseSync.prototype.prepare = counted(DatabaseSync.prototype.prepare)
pg.Client.prototype.query = counted(pg.Client.prototype.query)

const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
await store.open()
await store.close()
console.log(JSON.stringify(count))
