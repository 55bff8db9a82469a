import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono } from 'hono'
import { createAuth } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { createGuards, oauthEndpoints, refusalResponse } from 'portcullis/web'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser, requireRole } = createGuards(auth)
const oauth = oauthEndpoints(auth)

const app = new Hono()

async function answerOAuth(context: Context): Promise<Response> {
  // Failed logins are slowed down by the address: behind a proxy, the one that it tells.
  const { address } = getConnInfo(context).remote
  return (await oauth(context.req.raw, address)) ?? context.notFound()
}
app.all('/auth/*', answerOAuth)
app.get('/.well-known/*', answerOAuth)

app.get('/me', async (context) => {
  const { username, role } = await activeUser(context.req.raw)
  return context.json({ username, role })
})

app.get('/admin/stats', async (context) => {
  await requireRole('admin')(context.req.raw)
  return context.json(await auth.users.counts())
})

// What a guard throws.
app.onError((error, context) => {
  const refused = refusalResponse(error)
  if (refused) return refused
  console.error(error)
  return context.text('Internal Server Error', 500)
})

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8000) }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`)
})
