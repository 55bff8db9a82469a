import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { createAuth } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { createGuards, nodeOAuthEndpoints, sendRefusal } from 'portcullis/web'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser, requireRole } = createGuards(auth)
const oauth = nodeOAuthEndpoints(auth)

const app = express()
// Failed logins are slowed down by `request.ip`: behind a proxy on this machine, the one that it tells.
app.set('trust proxy', 'loopback')

// Before `express.json()` and its like: the login reads its own form.
app.use(async (request, response, next) => {
  if (!(await oauth(request, response, request.ip))) next()
})

app.get('/me', async (request, response) => {
  const { username, role } = await activeUser(request)
  response.json({ username, role })
})

app.get('/admin/stats', async (request, response) => {
  await requireRole('admin')(request)
  response.json(await auth.users.counts())
})

// What a guard throws. Express knows an error handler by its four parameters.
const answerRefusal: ErrorRequestHandler = (error, _request, response, next) => {
  if (!sendRefusal(error, response)) next(error)
}
app.use(answerRefusal)

const server = app.listen(Number(process.env.PORT ?? 8000), () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
