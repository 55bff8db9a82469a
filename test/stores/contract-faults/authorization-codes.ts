import type { CodeExchange } from '../../../src/core/authorization/authorization-code-store.ts'
import { type AuthorizationCodes, aMoment, type Fault, on } from './fault.ts'

const damage = (change: (port: AuthorizationCodes) => Partial<AuthorizationCodes>): Fault =>
  on('authorizationCodes', change)

const idOf = ({ session }: CodeExchange): string =>
  typeof session === 'string' ? session : session.id

/** Remembers codes that were made, or those that were not, and finds them for ever. */
const keeps = (made: boolean): Fault =>
  damage(({ create, find }) => {
    const kept = new Map<string, Parameters<typeof create>[0]>()
    return {
      async create(code) {
        const created = await create(code)
        if (created === made) kept.set(code.digest, code)
        return created
      },
      find: async (digest) => (await find(digest)) ?? kept.get(digest) ?? null,
    }
  })
export const keepsCodes: Fault = keeps(true)
const keepsAnyway = keeps(false)

/** Faults of authorization codes. */
export const authorizationCodes: Readonly<Record<string, Fault>> = {
  'authorizationCodes.create says that it stored what it did not': damage(({ create }) => ({
    create: (code) => create(code).then(() => true),
  })),
  'authorizationCodes.create stores what it refuses': keepsAnyway,
  'authorizationCodes.create forgets the challenge': damage(({ create }) => ({
    create: (code) => create({ ...code, codeChallenge: null }),
  })),
  'authorizationCodes.create forgets how the user authenticated': damage(({ create }) => ({
    create: (code) => create({ ...code, authenticatedAt: code.createdAt }),
  })),
  'authorizationCodes.create takes any stamp': on(
    'authorizationCodes',
    ({ create }, { users }) => ({
      async create(code) {
        const user = await users.findById(code.userId)
        return await create({ ...code, securityStamp: user?.securityStamp ?? '' })
      },
    }),
  ),
  'authorizationCodes.find takes a letter for another': damage(({ find }) => ({
    find: (digest) => find(digest.toLowerCase()),
  })),
  'authorizationCodes.find finds the live alone': damage(({ find }) => ({
    async find(digest) {
      const code = await find(digest)
      return code?.usedAt === null ? code : null
    },
  })),
  'authorizationCodes.exchange takes an expired one': damage(({ exchange, find }) => ({
    async exchange(asked, event) {
      const { expiresAt = asked.now } = (await find(asked.digest)) ?? {}
      return await exchange({ ...asked, now: Math.min(asked.now, expiresAt - 1) }, event)
    },
  })),
  'authorizationCodes.exchange refuses the last second': damage(({ exchange }) => ({
    exchange: (asked, event) => exchange({ ...asked, now: asked.now + 1 }, event),
  })),
  'authorizationCodes.exchange says that it exchanged what it did not': damage((port) => ({
    exchange: (asked, event) => port.exchange(asked, event).then(() => true),
  })),
  'authorizationCodes.exchange looks, and opens a moment later': on(
    'authorizationCodes',
    ({ exchange, find }, { sessions }) => ({
      async exchange(asked, event) {
        const code = await find(asked.digest)
        if (code === null || code.usedAt !== null || code.expiresAt <= asked.now) return false
        await aMoment()
        if (await exchange(asked, event)) return true
        return typeof asked.session !== 'string' && (await sessions.create(asked.session))
      },
    }),
  ),
  'authorizationCodes.exchange opens a session for a used code': on(
    'authorizationCodes',
    ({ exchange, find }, { sessions }) => ({
      async exchange(asked, event) {
        if (await exchange(asked, event)) return true
        const isUsed = ((await find(asked.digest))?.usedAt ?? null) !== null
        if (isUsed && typeof asked.session !== 'string') await sessions.create(asked.session)
        return false
      },
    }),
  ),
  'authorizationCodes.exchange uses the code up though nothing is opened': damage((port) => {
    const used = new Set<string>()
    return {
      async exchange(asked, event) {
        if (used.has(asked.digest)) return false
        used.add(asked.digest)
        return await port.exchange(asked, event)
      },
    }
  }),
  'authorizationCodes.exchange opens no session': on(
    'authorizationCodes',
    ({ exchange }, { sessions }) => ({
      async exchange(asked, event) {
        const done = await exchange(asked, event)
        if (done && typeof asked.session !== 'string') await sessions.revoke(asked.session.id, 1)
        return done
      },
    }),
  ),
  'authorizationCodes.exchange does not say what it opened': damage(({ find }) => ({
    async find(digest) {
      const code = await find(digest)
      return code && { ...code, openedSessionId: null }
    },
  })),
  'authorizationCodes.exchange goes on with any session': on(
    'authorizationCodes',
    ({ exchange }, { sessions }) => ({
      async exchange(asked, event) {
        if (await exchange(asked, event)) return true
        return typeof asked.session === 'string' && (await sessions.find(idOf(asked))) !== null
      },
    }),
  ),
  'authorizationCodes.exchange goes on with a session as it was': on(
    'authorizationCodes',
    ({ exchange }, { sessions }) => ({
      async exchange(asked, event) {
        const before = await sessions.find(idOf(asked))
        const done = await exchange(asked, event)
        if (!done || before === null) return done
        const { id, userId, securityStamp, authenticatedAt, acr, amr } = before
        const again = { id, userId, securityStamp, authenticatedAt, acr, amr, idleSince: 0 }
        return (await sessions.reauthenticate(again)) !== null
      },
    }),
  ),
  'authorizationCodes.prune deletes one more than its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit + 1),
  })),
  'authorizationCodes.prune deletes what expired at the instant': damage(({ prune }) => ({
    prune: (before, limit) => prune(before + 1, limit),
  })),
  'authorizationCodes.prune says its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit).then(() => limit),
  })),
  'authorizationCodes.prune deletes nothing': damage(() => ({ prune: async () => 0 })),
  'authorizationCodes stay when their user or client is gone': keepsCodes,
}
