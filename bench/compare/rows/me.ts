import { fastapi, ours, peer } from '../contestants.ts'
import { createFixture } from '../fixture.ts'
import { load, type Requests } from '../load.ts'
import { type Command, startServer } from '../processes.ts'
import { type Contestant, compete } from '../rounds.ts'
import { type Row, withCleanup } from './row.ts'

/** A request with a token, or one of many in turn. */
export function withTokens(lines: readonly string[], path = '/me'): Requests {
  return { path, headers: { authorization: 'Bearer {}' }, lines }
}

/** The guarded route, a hot token and many of them, on both databases, and everybody's beside it. */
export const me: Row = {
  title: 'guarded GET /me',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const contestants: Contestant[] = []
      const start = async (command: Command) => {
        const server = await startServer(command, 'server')
        onEnd(server.stop)
        return server
      }
      const add = (name: string, url: string, requests: Requests) =>
        contestants.push({ name, measure: (seconds) => load(url, requests, { seconds }) })

      const lite = await createFixture({ users: 10_000, accessTokens: 10_000 })
      onEnd(lite.remove)
      const hot = lite.accessTokens.slice(0, 1)
      const { url } = await start(ours(lite.environment))
      add('Portcullis, unguarded route', url, withTokens(hot, '/unguarded'))
      add('Portcullis', url, withTokens(hot))
      add('Portcullis, 10,000 tokens', url, withTokens(lite.accessTokens))

      const large = await createFixture({ engine: 'postgres', users: 10_000, accessTokens: 10_000 })
      onEnd(large.remove)
      const onPostgres = await start(ours(large.environment))
      add('Portcullis, PostgreSQL', onPostgres.url, withTokens(large.accessTokens.slice(0, 1)))
      add('Portcullis, PostgreSQL, 10,000 tokens', onPostgres.url, withTokens(large.accessTokens))

      add('node:http, no guard', (await start(peer('node-http'))).url, withTokens(hot))
      add('Fastify, no guard', (await start(peer('fastify'))).url, withTokens(hot))
      const others: readonly (readonly [string, Command | null])[] = [
        ['@fastify/jwt', peer('fastify-jwt')],
        ['@fastify/jwt with its cache', peer('fastify-jwt', { TOKEN_CACHE: 'true' })],
        ['Express, passport-jwt', peer('express')],
        ['NestJS (Fastify), JWT guard', peer('nest')],
        ['Hono, jwt', peer('hono')],
        // It looks its user up, and is to find the token's.
        ['FastAPI', fastapi(lite.users[0]?.id)],
      ]
      for (const [name, command] of others) {
        if (command) add(name, (await start(command)).url, withTokens(hot))
      }
      const absent = others.filter(([, command]) => command === null).map(([name]) => name)
      const betterAuth = await start(peer('better-auth'))
      const [, session = ''] = /^token (\S+)/m.exec(betterAuth.said) ?? []
      add('Better Auth, SQLite', betterAuth.url, withTokens([session]))
      return { series: await compete(contestants, effort), absent }
    }),
}
