// Both: our own login goes on, and a token of the realm is the user that its account is linked to.

import { createAuth } from 'portcullis'
import { keycloak } from 'portcullis/issuers'
import { sqlite } from 'portcullis/stores/sqlite'
import { realm } from './realm.ts'
import { roles, serve } from './routes.ts'

const issuers = [keycloak({ ...realm, users: 'link' })]
const auth = await createAuth({ store: sqlite('app.db'), roles, issuers })

// `node during.ts alice f1d2d2f9-…` says, once, which user an account is: by its id in Keycloak.
const [username, subject] = process.argv.slice(2)
if (username !== undefined && subject !== undefined) {
  const user = await auth.users.findByUsername(username)
  if (!user) throw new Error(`There is no user ${username}.`)
  await auth.identities.link(user.id, realm.issuer, subject)
}
await serve(auth)
