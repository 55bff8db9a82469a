// The whole library: users, passwords, sessions, OAuth endpoints and a guarded route.

import { createAuth, createGuards } from 'portcullis'
import { postgres } from 'portcullis/stores/postgres'
import { sqlite } from 'portcullis/stores/sqlite'
import { oauthEndpoints, secured } from 'portcullis/web'
import { serve } from './serve.ts'

const { PLACE: place = '', PASSWORD: password = '', KEY: key = '' } = process.env
const store = place.startsWith('postgres:') ? postgres(place) : sqlite(place)
const auth = await createAuth({
  store,
  roles: { admin: ['*'], member: [] },
  keyEncryptionKey: Buffer.from(key, 'hex'),
})
await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
void auth.maintain(new AbortController().signal)
const { activeUser } = createGuards(auth)
const oauth = oauthEndpoints(auth)
const me = secured(activeUser, ({ username, role }) => Response.json({ username, role }))

serve(async (request) => (await oauth(request, '192.0.2.1')) ?? (await me(request)))
