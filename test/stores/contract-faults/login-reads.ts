import type { BrowserLogin } from '../../../src/core/authorization/authorization-code-store.ts'
import { type AuthorizationCodes, type Fault, on } from './fault.ts'

type Read = NonNullable<Awaited<ReturnType<AuthorizationCodes['findToExchange']>>>

/** Reads something else with a code. */
const reading = (change: (found: Read) => Read): Fault =>
  on('authorizationCodes', ({ findToExchange }) => ({
    async findToExchange(digest) {
      const found = await findToExchange(digest)
      return found && change(found)
    },
  }))

/** Reads something else with a browser session. */
const readingLogin = (change: (login: BrowserLogin) => BrowserLogin | null): Fault =>
  on('authorizationCodes', ({ findLogin }) => ({
    async findLogin(sessionId, clientId) {
      const login = await findLogin(sessionId, clientId)
      return login && change(login)
    },
  }))

/** Faults of what is read at once. */
export const loginReads: Readonly<Record<string, Fault>> = {
  'authorizationCodes.findLogin finds the live alone': readingLogin((login) =>
    login.session.revokedAt === null ? login : null,
  ),
  'authorizationCodes.findLogin forgets the consent': readingLogin((login) => ({
    ...login,
    consent: null,
  })),
  'authorizationCodes.findLogin takes any consent of the user': on(
    'authorizationCodes',
    ({ findLogin }, { consents }) => ({
      async findLogin(sessionId, clientId) {
        const login = await findLogin(sessionId, clientId)
        const [consent = null] = login ? ((await consents?.listByUser(login.user.id)) ?? []) : []
        return login && { ...login, consent }
      },
    }),
  ),
  'authorizationCodes.findToExchange finds unused codes alone': on(
    'authorizationCodes',
    ({ findToExchange }) => ({
      async findToExchange(digest) {
        const found = await findToExchange(digest)
        return found?.code.usedAt === null ? found : null
      },
    }),
  ),
  'authorizationCodes.findToExchange forgets the consent': reading((found) => ({
    ...found,
    login: found.login && { ...found.login, consent: null },
  })),
  'authorizationCodes.findToExchange forgets that the session has ended': reading((found) => ({
    ...found,
    login: found.login && {
      ...found.login,
      session: { ...found.login.session, revokedAt: null },
    },
  })),
  'authorizationCodes.findToExchange has an old version of the keys': reading((found) => ({
    ...found,
    keysVersion: 1,
  })),
  'authorizationCodes.findToExchange counts no session of the client': reading((found) => ({
    ...found,
    siblings: 0,
  })),
  'authorizationCodes.findToExchange counts sessions of every client': reading((found) => ({
    ...found,
    siblings: found.userSessions,
  })),
  'authorizationCodes.findToExchange counts no session of the user': reading((found) => ({
    ...found,
    userSessions: 0,
  })),
}
