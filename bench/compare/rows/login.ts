import { fileURLToPath } from 'node:url'
import { fastapi, ours, peer } from '../contestants.ts'
import { createFixture, password, passwordHash } from '../fixture.ts'
import { load, type Requests, type Sample } from '../load.ts'
import { type Command, runCommand, startServer } from '../processes.ts'
import { type Contestant, compete } from '../rounds.ts'
import { withTokens } from './me.ts'
import { type Row, withCleanup } from './row.ts'

/** Logins that wait for each other: enough that no core is idle. */
export const loginConnections = 16

/** A login of each of these users in turn. */
export const form = (usernames: readonly string[]): Requests => ({
  method: 'POST',
  path: '/auth/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ password }).toString().concat('&username={}'),
  lines: usernames.map(encodeURIComponent),
})

const betterAuthLogin: Requests = {
  method: 'POST',
  path: '/api/auth/sign-in/email',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ email: 'alice@example.com', password }),
}

interface Opponent {
  readonly name: string
  readonly command: Command
  readonly login: Requests
}

/** Everybody who checks passwords. All are on all cores. */
async function opponents(
  onEnd: (close: () => Promise<unknown>) => void,
  engines: readonly ('sqlite' | 'postgres')[],
): Promise<{ present: readonly Opponent[]; absent: readonly string[] }> {
  const present: Opponent[] = []
  for (const engine of engines) {
    const fixture = await createFixture({ engine })
    onEnd(fixture.remove)
    present.push({
      name: engine === 'sqlite' ? 'Portcullis' : 'Portcullis, PostgreSQL',
      command: ours(fixture.environment),
      login: form(fixture.users.map(({ username }) => username)),
    })
  }
  const login = form(['alice'])
  for (const ARGON2 of ['@node-rs/argon2', 'argon2']) {
    present.push({
      name: `Fastify, @fastify/jwt, ${ARGON2}`,
      command: peer('fastify-argon2', { ARGON2 }),
      login,
    })
  }
  present.push({
    name: 'Better Auth, argon2id',
    command: peer('better-auth'),
    login: betterAuthLogin,
  })
  const python = fastapi()
  if (python) present.push({ name: 'FastAPI, bcrypt', command: python, login })
  return { present, absent: python ? [] : ['FastAPI, bcrypt'] }
}

async function verifyRaw(seconds: number): Promise<Sample> {
  const file = fileURLToPath(new URL('../raw-argon2.ts', import.meta.url))
  const printed = await runCommand([process.execPath, file, passwordHash, password, `${seconds}`])
  const { requests, seconds: took } = JSON.parse(printed)
  return { rate: requests / took, p50: 0, p99: 0 }
}

/** Logins a second, beside what the binding can do with nothing around it. */
export const login: Row = {
  title: 'POST /auth/token at saturation',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const { present, absent } = await opponents(onEnd, ['sqlite', 'postgres'])
      const contestants: Contestant[] = [{ name: 'argon2id alone', measure: verifyRaw }]
      for (const { name, command, login } of present) {
        const { url, stop } = await startServer(command, 'anywhere')
        onEnd(stop)
        contestants.push({
          name,
          measure: (seconds) =>
            load(url, login, { seconds, connections: loginConnections, where: 'anywhere' }),
        })
      }
      return { series: await compete(contestants, effort), absent }
    }),
}

/** The guarded route while others log in as fast as they can. */
export const meDuringLogin: Row = {
  title: 'GET /me during logins at saturation',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const { present, absent } = await opponents(onEnd, ['sqlite'])
      const contestants: Contestant[] = []
      for (const { name, command, login } of present) {
        const { url, said, stop } = await startServer(command, 'anywhere')
        onEnd(stop)
        const token = /^token (\S+)/m.exec(said)?.[1] ?? (await logIn(url, login))
        const read = (seconds: number): Promise<Sample> =>
          load(url, withTokens([token]), { seconds, where: 'anywhere' })
        contestants.push({ name: `${name}, idle`, measure: read })
        contestants.push({
          name: `${name}, during logins`,
          async measure(seconds) {
            // It begins no later and ends later.
            const storm = load(url, login, {
              seconds: seconds + 1,
              connections: loginConnections,
              where: 'anywhere',
            })
            const [sample] = await Promise.all([read(seconds), storm])
            return sample
          },
        })
      }
      return { series: await compete(contestants, effort), absent }
    }),
}

async function logIn(url: string, { path, headers, body = '', lines = [''] }: Requests) {
  const filled = body.replace('{}', lines[0] ?? '')
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...headers },
    body: filled,
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`The login at ${url} was answered ${response.status}.`)
  return token
}
