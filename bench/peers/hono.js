// Hono on Node.js with its jwt middleware: the signature and the claims are checked, the user is not
// looked up.

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import { AUDIENCE, answerFrom, ISSUER, SECRET_KEY } from './listen.js'

const app = new Hono()
app.use(
  '/me',
  jwt({
    secret: SECRET_KEY,
    alg: 'HS256',
    verification: { iss: ISSUER, aud: AUDIENCE, typ: 'at+jwt' },
  }),
)
app.get('/me', (context) => context.json(answerFrom(context.get('jwtPayload'))))
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`)
})
