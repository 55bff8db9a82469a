import type { AddressInfo } from 'node:net'
import express from 'express'
import { createAuth, createGuards } from 'portcullis'
import { answerErrors, guarded, oauthEndpoints, secured } from 'portcullis/express'
import { sqlite } from 'portcullis/stores/sqlite'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
// Deletes what has ended, and rotates the keys, as long as the process runs.
void auth.maintain(new AbortController().signal)
const { activeUser, requireRole } = createGuards(auth)

const app = express()
// Failed logins are slowed down by `request.ip`: behind a proxy on this machine, the one that it tells.
app.set('trust proxy', 'loopback')

// Before `express.json()` and its like: the login reads its own form.
app.use(oauthEndpoints(auth))

app.get(
  '/me',
  secured(activeUser, ({ username, role }, _request, response) => {
    response.json({ username, role })
  }),
)

app.use('/admin', guarded(requireRole('admin')))
app.get('/admin/stats', async (_request, response) => {
  response.json(await auth.users.counts())
})

// Behind all routes: what the library throws in one without `secured`.
app.use(answerErrors)

const server = app.listen(Number(process.env.PORT ?? 8000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`)
})
