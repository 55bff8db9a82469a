// An API at the edge, without users, passwords and a database: it takes the tokens of another issuer.

import { createResourceServer, rfc9068 } from 'portcullis/issuers'
import { createGuards, secured, type WebHandler } from 'portcullis/web'

const auth = createResourceServer({
  roles: { admin: ['*'], guest: [] },
  issuers: [
    rfc9068({
      // A binding of text in the configuration is in the environment too.
      issuer: process.env.ISSUER ?? 'https://id.example.com',
      audience: process.env.AUDIENCE ?? 'https://items.example.com',
      // What it calls things, and what they are here.
      roles: { boss: 'admin' },
      permissions: ['items:read'],
    }),
  ],
})
const { activeUser, requirePermission, requireRole } = createGuards(auth)

const routes: Readonly<Record<string, WebHandler>> = {
  'GET /me': secured(activeUser, ({ username, role }) => Response.json({ username, role })),
  'GET /items': secured(requirePermission('items:read'), ({ username }) =>
    Response.json([{ name: 'hammer', for: username }]),
  ),
  'DELETE /items': secured(requireRole('admin'), ({ username }) =>
    Response.json({ deletedBy: username }),
  ),
}

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const handle = routes[`${request.method} ${pathname}`]
    return handle ? await handle(request) : new Response(null, { status: 404 })
  },
}
