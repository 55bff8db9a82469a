// The OAuth endpoints, for the route handlers in the folders of their paths.

import { oauthEndpoints } from 'portcullis/web'
import { auth } from './auth.ts'

const oauth = oauthEndpoints(auth, { prefix: '/api' })

export async function answer(request: Request): Promise<Response> {
  // Failed logins are slowed down by the address that your proxy tells. Overwrite the header there.
  const address = request.headers.get('x-real-ip') ?? undefined
  return (await oauth(request, address)) ?? new Response(null, { status: 404 })
}
