// Stores with one fault each, by what is wrong with them: the contract of a store has to notice every one.

import { clients } from './clients.ts'
import { events } from './events.ts'
import type { Fault } from './fault.ts'
import { identities } from './identities.ts'
import { sessions } from './sessions.ts'
import { signingKeys } from './signing-keys.ts'
import { throttle } from './throttle.ts'
import { users } from './users.ts'
import { whole } from './whole.ts'
import { writes } from './writes.ts'

/** By what is wrong. */
export const faults: Readonly<Record<string, Fault>> = {
  ...{ ...writes, ...users, ...sessions, ...identities, ...signingKeys },
  ...{ ...throttle, ...clients, ...events, ...whole },
}
