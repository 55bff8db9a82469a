// Our own login.

import { createAuth } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { roles, serve } from './routes.ts'

const auth = await createAuth({ store: sqlite('app.db'), roles })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
await serve(auth)
