import { createPublicKey } from 'node:crypto'
import { internals } from '../../../src/core/internals.ts'
import { ours, peer } from '../contestants.ts'
import { createFixture } from '../fixture.ts'
import { load } from '../load.ts'
import { type Command, startServer } from '../processes.ts'
import { type Contestant, compete } from '../rounds.ts'
import { withTokens } from './me.ts'
import { type Row, withCleanup } from './row.ts'

/** More tokens than are kept: when the first one comes again, it was forgotten. */
const tokens = 20_000

/** Tokens that nobody has seen before, whose signature has to be checked. */
export const firstSight: Row = {
  title: 'GET /me, first sight of a token',
  measure: (effort) =>
    withCleanup(async (onEnd) => {
      const contestants: Contestant[] = []
      const add = async (name: string, command: Command, lines: readonly string[]) => {
        const { url, stop } = await startServer(command, 'server')
        onEnd(stop)
        contestants.push({ name, measure: (seconds) => load(url, withTokens(lines), { seconds }) })
      }
      for (const algorithm of ['HS256', 'ES256'] as const) {
        const fixture = await createFixture({ algorithm, accessTokens: tokens })
        onEnd(fixture.remove)
        const { accessTokens, environment, auth } = fixture
        const [jwk] = auth[internals].keys.publicJwks.keys
        const pem =
          jwk &&
          createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({
            type: 'spki',
            format: 'pem',
          })
        await add(`Portcullis, ${algorithm}`, ours(environment), accessTokens)
        const keys = pem ? { PUBLIC_KEY: String(pem) } : {}
        await add(`@fastify/jwt, ${algorithm}`, peer('fastify-jwt', keys), accessTokens)
      }
      return { series: await compete(contestants, effort) }
    }),
}
