import { codeFlow } from './rows/code-flow.ts'
import { firstSight } from './rows/first-sight.ts'
import { footprint } from './rows/footprint.ts'
import { grants } from './rows/grants.ts'
import { growth } from './rows/growth.ts'
import { userImport } from './rows/import.ts'
import { login, meDuringLogin } from './rows/login.ts'
import { me } from './rows/me.ts'
import type { Row } from './rows/row.ts'

/** Everything that is measured, by the name that it is asked for by. */
export const rows: Readonly<Record<string, Row>> = {
  me,
  'first-sight': firstSight,
  login,
  'me-during-login': meDuringLogin,
  grants,
  'code-flow': codeFlow,
  growth,
  import: userImport,
  footprint,
}
