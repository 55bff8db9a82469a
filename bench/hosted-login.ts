// Login by browser as a server has it: how many login pages a second, what guarded requests pay for the round trips
// of others, and what the page adds to a login.
//
//   ROUNDS=6 SECONDS=10 RATE=200 node bench/hosted-login.ts
//
// Pages and round trips: the server has one core, and the load another. Logins: both have all cores. A login through
// the page is a request for the page and one with its form; beside it is the password grant, with the same passwords.
// PROBES for other than 200 requests for `GET /me` a second.

import { Agent, type IncomingMessage, request } from 'node:http'
import { loadavg } from 'node:os'
import { startProber } from './accounts/prober.ts'
import { atRate } from './accounts/site.ts'
import { installPeers, ours } from './compare/contestants.ts'
import { issuer, password } from './compare/fixture.ts'
import { load } from './compare/load.ts'
import { pinning, startServer } from './compare/processes.ts'
import { authorizationRequest, openRoundTrips } from './compare/round-trips.ts'
import { scope, withBrowsers } from './compare/rows/code-flow.ts'
import { form, loginConnections } from './compare/rows/login.ts'
import { withCleanup } from './compare/rows/row.ts'
import { ratio, spread } from './compare/statistics.ts'
import { formatTable, quantiles } from './quantiles.ts'

const { ROUNDS = '6', SECONDS = '10', RATE = '200', PROBES = '200' } = process.env
const [rounds, seconds, rate] = [Number(ROUNDS), Number(SECONDS), Number(RATE)]
const where = { clientId: 'first', authorizePath: '/auth/authorize', scope }
const page = authorizationRequest(where)

interface Answered {
  readonly status: number
  readonly cookies: string
  readonly text: string
}

/** Asks over connections that stay open. */
function openAgent(
  url: string,
): (path: string, cookies?: string, sent?: string) => Promise<Answered> {
  const agent = new Agent({ keepAlive: true, maxSockets: loginConnections })
  return (path, cookies = '', sent) =>
    new Promise((resolve, reject) => {
      const headers = {
        ...(cookies !== '' && { cookie: cookies }),
        ...(sent !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(sent),
          ...{ origin: new URL(issuer).origin, 'sec-fetch-site': 'same-origin' },
        }),
      }
      const method = sent === undefined ? 'GET' : 'POST'
      request(url + path, { agent, method, headers }, (response: IncomingMessage) => {
        const lines = response.headers['set-cookie'] ?? []
        const pairs = lines.map((line) => line.split(';', 1)[0])
        let text = ''
        response.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, cookies: pairs.join('; '), text }),
        )
      })
        .on('error', reject)
        .end(sent)
    })
}

/** Does something over so many connections at once; how often it was done in a second. */
async function saturate(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  let done = 0
  const lane = async (): Promise<void> => {
    for (; performance.now() < began + 1000 * seconds; done++) await work()
  }
  await Promise.all(Array.from({ length: loginConnections }, lane))
  return (1000 * done) / (performance.now() - began)
}

/** The ways to log in, each of which takes one user after the other. */
function waysToLogIn(url: string, usernames: readonly string[]) {
  const ask = openAgent(url)
  let user = 0
  const next = (): string => usernames[user++ % usernames.length] ?? ''
  const plainText = (text: string): string =>
    text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
  return {
    async byGrant(): Promise<void> {
      const sent = new URLSearchParams({ username: next(), password }).toString()
      const { status, text } = await ask(form([]).path, '', sent)
      if (status !== 200) throw new Error(`The password grant was answered with ${status}: ${text}`)
    },
    async byPage(): Promise<void> {
      const shown = await ask(page)
      const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(shown.text) ?? []
      const fields = new URLSearchParams({ username: next(), password })
      for (const [, name = '', value = ''] of shown.text.matchAll(
        /<input type="hidden" name="([^"]*)" value="([^"]*)">/g,
      )) {
        fields.set(name, plainText(value))
      }
      const answer = await ask(plainText(action), shown.cookies, fields.toString())
      if (!answer.cookies.includes('_session')) {
        throw new Error(`The form was answered with ${answer.status}: ${answer.text}`)
      }
    },
  }
}

// The load generator is one of their packages, where there is no wrk.
installPeers()
const prober = startProber()
await withCleanup(async (onEnd) => {
  const { environment, cookies, users, accessTokens, remove } = await withBrowsers('sqlite')
  onEnd(remove)
  const server = await startServer(ours(environment), 'server')
  onEnd(server.stop)
  const everywhere = await startServer(ours(environment), 'anywhere')
  onEnd(everywhere.stop)
  const { once } = openRoundTrips({
    ...{ ...where, url: server.url, tokenPath: '/auth/token', cookies },
  })
  const { byGrant, byPage } = waysToLogIn(
    everywhere.url,
    users.map(({ username }) => username),
  )
  const kept = {
    pages: [] as number[],
    ...{ idle: [] as number[], busy: [] as number[] },
    ...{ grants: [] as number[], forms: [] as number[] },
  }
  const probe = async (): Promise<number> => {
    const token = accessTokens[0] ?? ''
    const asked = { url: server.url, token, perSecond: Number(PROBES), seconds }
    return quantiles(await prober.probe(asked)).p99
  }
  const phases: readonly (() => Promise<void>)[] = [
    async () => void kept.pages.push((await load(server.url, { path: page }, { seconds })).rate),
    async () => void kept.idle.push(await probe()),
    async () => {
      const [p99] = await Promise.all([probe(), atRate(rate, seconds, once)])
      kept.busy.push(p99)
    },
    async () => void kept.grants.push(await saturate(byGrant)),
    async () => void kept.forms.push(await saturate(byPage)),
  ]
  // Once to warm up, which does not count.
  for (const phase of phases) await phase()
  for (const series of Object.values(kept)) series.length = 0
  for (let round = 0; round < rounds; round++) {
    const first = round % phases.length
    for (const phase of [...phases.slice(first), ...phases.slice(0, first)]) await phase()
  }
  const { pages, idle, busy, grants, forms } = kept
  console.log(
    formatTable([
      ['', 'median (least–most)', 'goal'],
      ['login pages a second', spread(pages, 0), 'at least 6000'],
      ['GET /me, p99 in ms, idle', spread(idle, 2), ''],
      [`GET /me, p99 in ms, during ${rate} round trips a second`, spread(busy, 2), ''],
      ['the second to the first', ratio(busy, idle).toFixed(2), 'at most 1.2'],
      ['logins by the password grant a second', spread(grants, 1), ''],
      ['logins through the page a second', spread(forms, 1), ''],
      ['the second to the first', ratio(forms, grants).toFixed(3), 'at least 0.95'],
    ]),
  )
  console.log(
    `${rounds} rounds of ${seconds} s. Load ${loadavg()[0]?.toFixed(1)}; ${pinning}, but for logins.`,
  )
})
prober.stop()
process.exit()
