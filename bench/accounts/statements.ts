// The statements of a request, of a server on SQLite whose mails nobody sends meanwhile:
//
//   node bench/accounts/statements.ts
//
// Counts what the driver is told to run: a statement that is prepared already counts each time.

import { StatementSync } from 'node:sqlite'
import type { InjectOptions } from 'fastify'
import { createAuth } from '../../src/core/auth.ts'
import { mailbox } from '../../src/core/mail/mailbox.ts'
import { buildApp } from '../../src/server/app.ts'
import { issuer, password, passwordHash, secretKey } from '../compare/fixture.ts'
import { createDatabase } from '../database.ts'
import { formatTable } from '../quantiles.ts'

let ran: string[] = []
for (const method of ['run', 'all', 'get'] as const) {
  // The three take the same, in as many overloads each.
  const original = StatementSync.prototype[method] as (...parameters: never[]) => unknown
  StatementSync.prototype[method] = function (this: StatementSync, ...parameters: never[]) {
    const [verb = '', ...rest] = this.sourceSQL.replaceAll('"', '').split(' ')
    const [table] = /(?:into|from|update) (\w+)/.exec(`${verb} ${rest.join(' ')}`)?.slice(1) ?? []
    ran.push(
      /total_changes/.test(this.sourceSQL) ? 'changes' : `${verb} ${table ?? rest.join(' ')}`,
    )
    return original.apply(this, parameters) as never
  } as never
}

const database = await createDatabase('sqlite')
const auth = await createAuth({
  ...{ store: database.createStore(), issuer, secretKey },
  accounts: { mailer: mailbox(), from: 'no-reply@example.com', registration: 'open' },
})
await auth.users.create({
  username: 'ann',
  passwordHash,
  email: 'ann@example.com',
  emailVerified: true,
})
const app = await buildApp({ auth, prune: false })
const login = async (): Promise<{ access_token: string; refresh_token: string }> => {
  const payload = new URLSearchParams({ username: 'ann', password }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return (await app.inject({ method: 'POST', url: '/auth/token', payload, headers })).json()
}
const { access_token: token } = await login()
const rows: string[][] = []

async function count(name: string, request: InjectOptions): Promise<void> {
  ran = []
  const { statusCode } = await app.inject(request)
  // How many rows the connection has changed is no question to the database.
  const statements = ran.filter((text) => text !== 'changes')
  rows.push([name, String(statusCode), String(statements.length), statements.join('; ')])
}

const me = { url: '/me', headers: { authorization: `Bearer ${token}` } }
await app.inject(me)
await count('GET /me', me)
const post = 'POST' as const
const email = (payload: object, url: string) => ({ method: post, url, payload })
for (const address of ['ann@example.com', 'nobody@example.com']) {
  await count(
    `POST /auth/password-reset, ${address}`,
    email({ email: address }, '/auth/password-reset'),
  )
}
await count('POST /auth/register', email({ email: 'new@example.com' }, '/auth/register'))
const { refresh_token: refresh } = await login()
await count('POST /auth/revoke', {
  ...{ method: post, url: '/auth/revoke' },
  payload: new URLSearchParams({ token: refresh }).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
})
console.log(formatTable([['', 'answer', 'statements', 'which'], ...rows]))
await app.close()
await auth.close()
await database.remove()
process.exit()
