// The realm alone: no login, no passwords and no database of ours.

import { createResourceServer, keycloak } from 'portcullis/issuers'
import { realm } from './realm.ts'
import { roles, serve } from './routes.ts'

// The roles of the realm, and what they are here.
const mapped = { boss: 'admin', staff: 'reader' }
await serve(createResourceServer({ roles, issuers: [keycloak({ ...realm, roles: mapped })] }))
