// Login by browser for three clients, and the API that they call.

import cors from '@fastify/cors'
import Fastify from 'fastify'
import { createAuth, createGuards } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { hostedLogin } from 'portcullis/hosted-login'
import { sqlite } from 'portcullis/stores/sqlite'
import { pageUrl, port, serverUrl, webUrl } from './urls.ts'

// 32 random bytes, which the server and the web application both have: `openssl rand -hex 32`.
const { WEB_SECRET: secret = '', ADMIN_PASSWORD: password } = process.env

const auth = await createAuth({
  store: sqlite('app.db'),
  issuer: serverUrl,
  hostedLogin: hostedLogin(),
  clients: [
    {
      ...{ id: 'page', name: 'Page', firstParty: true },
      ...{ redirectUris: [`${pageUrl}/`], postLogoutRedirectUris: [`${pageUrl}/`] },
    },
    {
      // Of somebody else: its users are asked what it may have.
      ...{ id: 'web', name: 'Web application', secret },
      ...{ redirectUris: [`${webUrl}/callback`], postLogoutRedirectUris: [`${webUrl}/`] },
    },
    // A program may listen on any port of 127.0.0.1.
    { id: 'tool', name: 'Tool', firstParty: true, redirectUris: ['http://127.0.0.1/callback'] },
  ],
})
// Only while there are no users.
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser } = createGuards(auth)

const app = Fastify()
await app.register(portcullis, { auth })
await app.register(async (api) => {
  // The page is of another origin. What it needs for the login itself it may ask for unsaid.
  await api.register(cors, { origin: pageUrl, allowedHeaders: ['authorization'] })
  api.get(
    '/hello',
    secured(activeUser, ({ username }) => ({ hello: username })),
  )
})
await app.listen({ port })
console.log(serverUrl)
