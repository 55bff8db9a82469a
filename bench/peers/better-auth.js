// Better Auth with a bearer token and users and sessions in SQLite, both read on every request. Its hash
// is replaced by argon2id, at the cost that the others have. It prints a token of its own.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hash, verify } from '@node-rs/argon2'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'
import { bearer } from 'better-auth/plugins'
import { listen, me, PASSWORD, SECRET_KEY } from './listen.js'

const directory = mkdtempSync(join(tmpdir(), 'better-auth-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
process.on('SIGTERM', () => process.exit())
const database = new DatabaseSync(join(directory, 'auth.db'))
database.exec('pragma journal_mode = wal')

const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: SECRET_KEY,
  database,
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (text) => hash(text),
      verify: ({ hash, password }) => verify(hash, password),
    },
  },
  user: { additionalFields: { role: { type: 'string', input: false, defaultValue: me.role } } },
  // Logins at saturation come from one address.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [bearer()],
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()
const { headers } = await auth.api.signUpEmail({
  body: { email: 'alice@example.com', password: PASSWORD, name: me.username },
  returnHeaders: true,
})
console.log(`token ${headers.get('set-auth-token')}`)

const handle = toNodeHandler(auth)
listen(
  createServer(async (request, response) => {
    if (request.url !== '/me') return handle(request, response)
    const found = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })
    if (!found) return response.writeHead(401).end()
    const { id, name, role } = found.user
    const body = JSON.stringify({ ...me, id, username: name, role })
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }),
)
