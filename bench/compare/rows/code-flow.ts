import { createAuth } from '../../../src/core/auth.ts'
import { internals } from '../../../src/core/internals.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import { cookiesOf } from '../../../src/http/authorization/cookies.ts'
import type { EngineName } from '../../database.ts'
import { ours, peer } from '../contestants.ts'
import { createFixture, type Fixture, issuer, keyEncryptionKey } from '../fixture.ts'
import { startServer } from '../processes.ts'
import {
  authorizationRequest,
  createRoundTrips,
  type RelyingParty,
  redirectUri,
} from '../round-trips.ts'
import { type Contestant, compete } from '../rounds.ts'
import { type Row, withCleanup } from './row.ts'

/** Browsers in which somebody has logged in, each of another user. */
const browsers = 2000
export const scope = 'openid items:read'
const theirs = { clientId: 'third', authorizePath: '/auth', tokenPath: '/token', scope }
const api = 'https://items.example.com'

/** What a login by browser costs the server when nobody has to be asked: a code, and its exchange. */
export const codeFlow: Row = {
  title: 'login by browser: round trips for a second of the server’s processor',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const contestants: Contestant[] = []
      const add = (name: string, party: RelyingParty): void => {
        const measure = createRoundTrips(party)
        contestants.push({ name, measure })
      }
      for (const [name, engine] of [
        ['SQLite', 'sqlite'],
        ['PostgreSQL', 'postgres'],
      ] as const) {
        const { environment, cookies, remove } = await withBrowsers(engine)
        onEnd(remove)
        const { url, stop } = await startServer(ours(environment), 'server')
        onEnd(stop)
        const paths = { authorizePath: '/auth/authorize', tokenPath: '/auth/token' }
        const of = (clientId: string): RelyingParty => ({ url, clientId, ...paths, scope, cookies })
        add(`Portcullis, ${name}, a third party`, of('third'))
        add(`Portcullis, ${name}, a first party`, of('first'))
      }
      const command = peer('oidc-provider', { API: api, REDIRECT_URI: redirectUri })
      const { url, stop } = await startServer(command, 'server')
      onEnd(stop)
      const party = { ...theirs, url, more: { resource: api } }
      const cookies: string[] = []
      for (let user = 0; user < 100; user++) cookies.push(await logInAtPeer(party, `user-${user}`))
      add('oidc-provider, memory', { ...party, cookies })
      return { series: await compete(contestants, effort) }
    }),
}

interface Browsers extends Pick<Fixture, 'environment' | 'remove' | 'users' | 'accessTokens'> {
  readonly cookies: readonly string[]
}

/** A database with clients, and with sessions of browsers whose users have consented. */
export async function withBrowsers(engine: EngineName): Promise<Browsers> {
  const fixture = await createFixture({ engine, algorithm: 'ES256', users: browsers })
  const { database, users, accessTokens, remove } = fixture
  const environment = {
    ...fixture.environment,
    ...{ HOSTED_LOGIN: 'true', ROLES: JSON.stringify({ admin: ['*'], member: ['items:read'] }) },
  }
  const auth = await createAuth({
    ...{ store: database.createStore(), issuer, hostedLogin: hostedLogin() },
    ...(engine === 'postgres' && { keyEncryptionKey }),
  })
  for (const [id, firstParty] of [
    ['third', false],
    ['first', true],
  ] as const) {
    await auth.clients.register({
      id,
      firstParty,
      confidential: false,
      redirectUris: [redirectUri],
    })
  }
  const { hosted } = auth[internals]
  if (hosted === null) throw new Error('There is no login by browser.')
  const { browserSessions, consents } = hosted.authorization
  const { name } = cookiesOf(issuer).session
  const cookies: string[] = []
  const logIn = async (user: UserRecord): Promise<void> => {
    await consents.allow(user.id, 'third', scope.split(' '))
    const opened = await browserSessions.open(user, {})
    if (opened === null) throw new Error('Nobody is logged in.')
    cookies.push(`${name}=${opened.cookie}`)
  }
  for (let first = 0; first < users.length; first += 10) {
    await Promise.all(users.slice(first, first + 10).map(logIn))
  }
  await auth.close()
  return { environment, cookies, users, accessTokens, remove }
}

/** Logs in at the peer's own pages, and consents. Answers with the cookies of the browser. */
async function logInAtPeer(
  party: Omit<RelyingParty, 'cookies'>,
  username: string,
): Promise<string> {
  const cookies = new Map<string, string>()
  const header = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

  async function visit(url: string, form?: Readonly<Record<string, string>>): Promise<string> {
    const answer = await fetch(url, {
      ...{ redirect: 'manual', headers: { cookie: header() } },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    await answer.arrayBuffer()
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return new URL(answer.headers.get('location') ?? url, url).href
  }

  let next = await visit(party.url + authorizationRequest(party))
  for (const form of [
    { prompt: 'login', login: username, password: 'any' },
    { prompt: 'consent' },
  ]) {
    if (!next.includes('/interaction/')) throw new Error(`no form at ${next}`)
    next = await visit(await visit(next, form))
  }
  if (!next.startsWith(redirectUri)) throw new Error(`no code at ${next}`)
  return header()
}
