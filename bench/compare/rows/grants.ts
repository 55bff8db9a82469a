import { ours } from '../contestants.ts'
import { api, createFixture } from '../fixture.ts'
import { load, type Requests } from '../load.ts'
import { startServer } from '../processes.ts'
import { type Contestant, compete } from '../rounds.ts'
import { type Row, withCleanup } from './row.ts'

/** More than are used in a second. */
const tokensPerSecond = 15_000
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

/** What a session costs after the login, on both databases. */
export const grants: Row = {
  title: 'refresh, revoke, introspect',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const contestants: Contestant[] = []
      // Each refresh token is used once: in the warm-up and in every round, by either request.
      const perRound = Math.ceil(effort.seconds * tokensPerSecond)
      for (const engine of ['sqlite', 'postgres'] as const) {
        const refreshTokens = perRound * 2 * (effort.rounds + 1)
        const fixture = await createFixture({ engine, users: 10_000, refreshTokens })
        onEnd(fixture.remove)
        const { url, stop } = await startServer(ours(fixture.environment), 'server')
        onEnd(stop)
        const add = (name: string, requests: (round: number) => Requests): void => {
          contestants.push({
            name: `${name}, ${names[engine]}`,
            measure: (seconds, round) => load(url, requests(round), { seconds }),
          })
        }
        const unused = (place: number): Pick<Requests, 'lines' | 'once'> => ({
          lines: fixture.refreshTokens.slice(place * perRound, (place + 1) * perRound),
          once: true,
        })
        add('refresh', (round) => ({
          method: 'POST',
          path: '/auth/token',
          headers: form,
          body: 'grant_type=refresh_token&refresh_token={}',
          ...unused(2 * round),
        }))
        add('revoke', (round) => ({
          method: 'POST',
          path: '/auth/revoke',
          headers: form,
          body: 'token={}',
          ...unused(2 * round + 1),
        }))
        const authorization = `Basic ${btoa(`${api.id}:${api.secret}`)}`
        add('introspect', () => ({
          method: 'POST',
          path: '/auth/introspect',
          headers: { ...form, authorization },
          body: 'token={}',
          lines: fixture.accessTokens,
        }))
      }
      return { series: await compete(contestants, effort) }
    }),
}
