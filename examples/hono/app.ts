import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { createAuth, createGuards } from 'portcullis'
import { answerErrors, guarded, oauthEndpoints, secured } from 'portcullis/hono'
import { sqlite } from 'portcullis/stores/sqlite'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
// Deletes what has ended, and rotates the keys, as long as the process runs.
void auth.maintain(new AbortController().signal)
const { activeUser, requireRole } = createGuards(auth)

const app = new Hono()

// Failed logins are slowed down by the address: behind a proxy, the one that it tells.
app.use(oauthEndpoints(auth, (context) => getConnInfo(context).remote.address))

app.get(
  '/me',
  secured(activeUser, ({ username, role }, context) => context.json({ username, role })),
)

app.use('/admin/*', guarded(requireRole('admin')))
app.get('/admin/stats', async (context) => context.json(await auth.users.counts()))

// What the library throws in a route without `secured`; any other error is 500.
app.onError(answerErrors)

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8000) }, ({ port }) => {
  console.log(`http://localhost:${port}`)
})
