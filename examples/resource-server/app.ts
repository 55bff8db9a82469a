// An API without users, passwords and a database: it takes the tokens of another issuer.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResourceServer, rfc9068 } from 'portcullis/issuers'
import { createGuards, sendRefusal } from 'portcullis/web'

const auth = createResourceServer({
  roles: { admin: ['*'], guest: [] },
  issuers: [
    rfc9068({
      issuer: process.env.ISSUER ?? 'https://id.example.com',
      audience: process.env.AUDIENCE ?? 'https://items.example.com',
      // What it calls things, and what they are here.
      roles: { boss: 'admin' },
      permissions: ['items:read'],
      // An issuer on this machine may do without TLS.
      allowInsecureLoopback: true,
    }),
  ],
})
const { activeUser, requirePermission, requireRole } = createGuards(auth)
const reader = requirePermission('items:read')
const admin = requireRole('admin')

type Handler = (request: IncomingMessage) => Promise<object>

const routes: Readonly<Record<string, Handler>> = {
  'GET /me': activeUser,
  'GET /items': async (request) => [{ name: 'hammer', for: (await reader(request)).username }],
  'DELETE /items': async (request) => ({ deletedBy: (await admin(request)).username }),
}

const server = createServer(async (request, response) => {
  try {
    const handle = routes[`${request.method} ${request.url}`]
    if (!handle) return response.writeHead(404).end()
    const body = JSON.stringify(await handle(request))
    return response.setHeader('content-type', 'application/json').end(body)
  } catch (error) {
    if (sendRefusal(error, response)) return
    console.error(error)
    return response.writeHead(500).end()
  }
})

server.listen(Number(process.env.PORT ?? 8000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`)
})
