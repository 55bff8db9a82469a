import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuth } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { createGuards, nodeOAuthEndpoints, sendRefusal } from 'portcullis/web'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
// Deletes what has ended, and rotates the keys, as long as the process runs.
void auth.maintain(new AbortController().signal)
const { activeUser, requireRole } = createGuards(auth)
const oauth = nodeOAuthEndpoints(auth)
const admin = requireRole('admin')

const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<object>>> = {
  'GET /me': async (request) => {
    const { username, role } = await activeUser(request)
    return { username, role }
  },
  'GET /admin/stats': async (request) => {
    // Its value is used, so nobody can forget to wait for it.
    const { username } = await admin(request)
    return { ...(await auth.users.counts()), requestedBy: username }
  },
}

const server = createServer(async (request, response) => {
  try {
    // Failed logins are slowed down by the address: behind a proxy, the one that it tells.
    if (await oauth(request, response, request.socket.remoteAddress)) return
    const route = routes[`${request.method} ${request.url}`]
    if (!route) return void response.writeHead(404).end()
    const body = JSON.stringify(await route(request))
    response.setHeader('content-type', 'application/json').end(body)
  } catch (error) {
    if (sendRefusal(error, response)) return
    console.error(error)
    response.writeHead(500).end()
  }
})

server.listen(Number(process.env.PORT ?? 8000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`)
})
