// An API on Deno, without users, passwords and a database: it takes the tokens of another issuer.

import { createResourceServer, rfc9068 } from 'portcullis/issuers'
import { createGuards, secured, type WebHandler } from 'portcullis/web'

/** What is used of Deno, for editors without its types. */
declare const Deno: {
  readonly env: { get(name: string): string | undefined }
  serve(options: object, handler: (request: Request) => Promise<Response>): unknown
}

const auth = createResourceServer({
  roles: { admin: ['*'], guest: [] },
  issuers: [
    rfc9068({
      issuer: Deno.env.get('ISSUER') ?? 'https://id.example.com',
      audience: Deno.env.get('AUDIENCE') ?? 'https://items.example.com',
      // What it calls things, and what they are here.
      roles: { boss: 'admin' },
      permissions: ['items:read'],
      // An issuer on this machine may do without TLS.
      allowInsecureLoopback: true,
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

const port = Number(Deno.env.get('PORT') ?? 8000)
Deno.serve({ hostname: '127.0.0.1', port }, async (request) => {
  const { pathname } = new URL(request.url)
  const handle = routes[`${request.method} ${pathname}`]
  return handle ? await handle(request) : new Response(null, { status: 404 })
})
