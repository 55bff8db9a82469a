// POST /api/auth/token, /api/auth/revoke and /api/auth/introspect.

import { oauthEndpoints } from 'portcullis/web'
import { auth } from '../../../../auth.ts'

const oauth = oauthEndpoints(auth)

async function answer(request: Request): Promise<Response> {
  // The endpoints are at /auth; this folder is one deeper.
  const { pathname, origin } = new URL(request.url)
  const url = new URL(pathname.replace(/^\/api(?=\/auth\/)/, ''), origin)
  // Failed logins are slowed down by the address that your proxy tells. Overwrite the header there.
  const address = request.headers.get('x-real-ip') ?? undefined
  return (await oauth(new Request(url, request), address)) ?? new Response(null, { status: 404 })
}

export { answer as GET, answer as POST }
