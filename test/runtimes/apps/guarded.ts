// What every runtime runs: guarded routes for the tokens of another issuer, and the client. No test.

import { createClient, memoryStorage } from 'portcullis/client'
import { createResourceServer, rfc9068 } from 'portcullis/issuers'
import { createGuards, secured, type WebHandler } from 'portcullis/web'

/** How far the clock has been moved, in seconds. */
let ahead = 0

/** Answers a request by the tokens of this issuer. */
export function createHandler(issuer: string): WebHandler {
  const auth = createResourceServer({
    roles: { admin: ['*'], guest: [] },
    clock: () => Math.floor(Date.now() / 1000) + ahead,
    issuers: [
      rfc9068({
        issuer,
        audience: 'https://items.example.com',
        permissions: ['items:read'],
        allowInsecureLoopback: true,
      }),
    ],
  })
  const { activeUser, requirePermission } = createGuards(auth)
  const routes: Readonly<Record<string, WebHandler>> = {
    '/me': secured(activeUser, ({ username, role }) => Response.json({ username, role })),
    '/items': secured(requirePermission('items:read'), ({ username }) =>
      Response.json({ for: username }),
    ),
    '/notes': secured(activeUser, async (_user, request) =>
      Response.json({ noted: await request.json() }),
    ),
    async '/clock'(request) {
      ahead += Number(await request.text())
      return Response.json(auth.issuers.status())
    },
    '/client': async (request) => Response.json(await useClient(await request.json())),
  }
  return async (request) => {
    const { pathname } = new URL(request.url)
    return (await routes[pathname]?.(request)) ?? new Response(null, { status: 404 })
  }
}

/** Logs in, sends requests with an access token that is over, and logs out. */
async function useClient({ url, password }: Readonly<Record<string, string>>): Promise<object> {
  const storage = memoryStorage()
  const client = createClient({ url: url ?? '', storage })
  const events: string[] = []
  client.subscribe(({ type }) => events.push(type))
  const refused = await client.login('alice', 'another').catch(({ code }: { code: string }) => code)
  await client.login('alice', password ?? '')
  const tokens = storage.read()
  if (tokens) storage.write({ ...tokens, expiresAt: 0 })
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.fetch('/me')))
  const names = await Promise.all(answers.map(async (answer) => (await answer.json()).username))
  await client.logout()
  const { status } = await client.fetch('/me')
  return { refused, names, events, isLoggedIn: client.isLoggedIn(), afterwards: status }
}
