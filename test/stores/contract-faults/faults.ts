// Stores with one fault each, by what is wrong with them: the contract of a store has to notice every one.

import { addressesContract } from '../../../src/stores/contract/addresses.ts'
import { apiKeysContract } from '../../../src/stores/contract/api-keys.ts'
import { authorizationCodesContract } from '../../../src/stores/contract/authorization-codes.ts'
import { browserSessionsContract } from '../../../src/stores/contract/browser-sessions.ts'
import { clientsContract } from '../../../src/stores/contract/clients.ts'
import { consentsContract } from '../../../src/stores/contract/consents.ts'
import { eventsContract } from '../../../src/stores/contract/events.ts'
import { factorChangesContract } from '../../../src/stores/contract/factor-changes.ts'
import { factorsContract } from '../../../src/stores/contract/factors.ts'
import { guardedWritesContract } from '../../../src/stores/contract/guarded-writes.ts'
import { identitiesContract } from '../../../src/stores/contract/identities.ts'
import { keptSessionsContract } from '../../../src/stores/contract/kept-sessions.ts'
import { lastActiveUserContract } from '../../../src/stores/contract/last-active-user.ts'
import { loginReadsContract } from '../../../src/stores/contract/login-reads.ts'
import { logoutNoticesContract } from '../../../src/stores/contract/logout-notices.ts'
import { oneTimeTokensContract } from '../../../src/stores/contract/one-time-tokens.ts'
import { outboxContract } from '../../../src/stores/contract/outbox.ts'
import { passkeysContract } from '../../../src/stores/contract/passkeys.ts'
import { passwordHashesContract } from '../../../src/stores/contract/password-hashes.ts'
import type { Stores } from '../../../src/stores/contract/records.ts'
import { recoveryCodesContract } from '../../../src/stores/contract/recovery-codes.ts'
import { refreshRetriesContract } from '../../../src/stores/contract/refresh-retries.ts'
import { resealingContract } from '../../../src/stores/contract/resealing.ts'
import { sessionPruningContract } from '../../../src/stores/contract/session-pruning.ts'
import { sessionsContract } from '../../../src/stores/contract/sessions.ts'
import { signingKeysContract } from '../../../src/stores/contract/signing-keys.ts'
import { stepUpsContract } from '../../../src/stores/contract/step-ups.ts'
import { storedWithContract } from '../../../src/stores/contract/stored-with.ts'
import { throttleContract } from '../../../src/stores/contract/throttle.ts'
import { throttleAdmissionContract } from '../../../src/stores/contract/throttle-admission.ts'
import { usersContract } from '../../../src/stores/contract/users.ts'
import { accounts } from './accounts.ts'
import { apiKeys } from './api-keys.ts'
import { authorizationCodes } from './authorization-codes.ts'
import { browserSessions } from './browser-sessions.ts'
import { clients } from './clients.ts'
import { consents } from './consents.ts'
import { events } from './events.ts'
import { factors } from './factors.ts'
import type { Fault } from './fault.ts'
import { identities } from './identities.ts'
import { keptSessions } from './kept-sessions.ts'
import { loginReads } from './login-reads.ts'
import { logoutNotices } from './logout-notices.ts'
import { oneTimeTokens } from './one-time-tokens.ts'
import { outbox } from './outbox.ts'
import { passkeys } from './passkeys.ts'
import { resealing } from './resealing.ts'
import { sessions } from './sessions.ts'
import { signingKeys } from './signing-keys.ts'
import { storedWith } from './stored-with.ts'
import { throttle } from './throttle.ts'
import { users } from './users.ts'
import { whole } from './whole.ts'
import { writes } from './writes.ts'

/** Some faults, and the parts of the contract that notice them: the others need not run. Default: all parts. */
interface Group {
  readonly faults: Readonly<Record<string, Fault>>
  readonly parts?: readonly ((stores: Stores) => void)[]
}

export const groups: readonly Group[] = [
  { faults: whole },
  { faults: writes, parts: [usersContract, eventsContract] },
  { faults: users, parts: [usersContract, lastActiveUserContract, passwordHashesContract] },
  {
    faults: sessions,
    parts: [
      ...[sessionsContract, sessionPruningContract, refreshRetriesContract, stepUpsContract],
      eventsContract,
    ],
  },
  { faults: identities, parts: [identitiesContract, eventsContract] },
  { faults: signingKeys, parts: [signingKeysContract, eventsContract] },
  { faults: throttle, parts: [throttleContract, throttleAdmissionContract] },
  { faults: clients, parts: [clientsContract, eventsContract] },
  { faults: events, parts: [eventsContract] },
  { faults: keptSessions, parts: [keptSessionsContract] },
  { faults: accounts, parts: [addressesContract, guardedWritesContract] },
  { faults: oneTimeTokens, parts: [oneTimeTokensContract] },
  { faults: outbox, parts: [outboxContract] },
  { faults: logoutNotices, parts: [logoutNoticesContract] },
  { faults: storedWith, parts: [storedWithContract] },
  { faults: browserSessions, parts: [browserSessionsContract] },
  { faults: authorizationCodes, parts: [authorizationCodesContract] },
  { faults: loginReads, parts: [loginReadsContract] },
  { faults: consents, parts: [consentsContract] },
  { faults: resealing, parts: [resealingContract] },
  { faults: apiKeys, parts: [apiKeysContract, eventsContract] },
  { faults: factors, parts: [factorsContract, factorChangesContract, recoveryCodesContract] },
  { faults: passkeys, parts: [passkeysContract] },
]

/** By what is wrong. */
export const faults: Readonly<Record<string, Fault>> = Object.assign(
  {},
  ...groups.map((group) => group.faults),
)
