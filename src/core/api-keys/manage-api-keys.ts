import { v7 as uuidv7 } from 'uuid'
import type { Roles } from '../access/roles.ts'
import { includesPermission, isScopeToken } from '../access/scope.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { NoticeOrigin, Notices } from '../mail/notices.ts'
import { findUserOfSession } from '../sessions/token-user.ts'
import type { Store } from '../store.ts'
import { existing } from '../users/user.ts'
import type { UserRecord } from '../users/user-store.ts'
import { type ApiKeyOptions, isLifetime, shortestLifetime } from './api-key-options.ts'
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.ts'
import { apiKeyDigest, newApiKey } from './api-key-text.ts'
import type { ApiKey, ApiKeyMaintenance, ApiKeys, NewApiKey } from './api-keys.ts'
import { isExpiryToldAtOnce } from './maintain-api-keys.ts'

/** Keys that a user has at most, expired ones too. */
const mostKeys = 100
const nameMaxLength = 100

export interface ApiKeysOptions {
  readonly store: Store
  readonly apiKeys: ApiKeyStore
  readonly options: Required<ApiKeyOptions>
  readonly roles: Roles
  readonly events: AuthEvents
  readonly notices: Notices
  readonly clock: Clock
}

/** Makes, lists and ends API keys. */
export function createApiKeys(parts: ApiKeysOptions): Omit<ApiKeys, keyof ApiKeyMaintenance> {
  const { store, apiKeys, options, roles, events, notices, clock } = parts
  const { prefix, maxLifetime, defaultLifetime } = options

  function problemsOf(key: NewApiKey, { role }: UserRecord): readonly string[] {
    const { name, scopes, lifetime = defaultLifetime, within } = key
    const problems: string[] = []
    if (name.trim() === '' || [...name].length > nameMaxLength || /\p{Cc}/u.test(name)) {
      problems.push(`The name must have 1 to ${nameMaxLength} characters, and no line breaks.`)
    }
    if (!isLifetime(lifetime, maxLifetime)) {
      problems.push(
        `The lifetime must be whole seconds from ${shortestLifetime} to ${maxLifetime}.`,
      )
    }
    const granted = roles.permissionsOf(role)
    const mayHave = (scope: string): boolean =>
      isScopeToken(scope) &&
      includesPermission(granted, scope) &&
      (within === undefined || includesPermission(within, scope))
    if (!scopes.every(mayHave)) {
      problems.push('The scope must have only permissions that you have in this login.')
    }
    return problems
  }

  async function ownerOf({ userId, sessionId }: NewApiKey): Promise<UserRecord> {
    const user =
      sessionId === undefined
        ? await store.users.findById(userId)
        : await findUserOfSession(store, { id: sessionId, userId })
    return existing(user)
  }

  async function end(owner: UserRecord | null, key: ApiKeyRecord, by?: Actor): Promise<boolean> {
    const { id, userId, name } = key
    const details = { key: id, name }
    const ended = await events.recordWith(
      { ...by, type: 'api_key_ended', userId, details },
      (event) => {
        const mails = owner ? notices.of('api_key_ended', owner, by, { key: name }) : []
        return apiKeys.remove(userId, id, { event, mails })
      },
    )
    if (ended) notices.wake()
    return ended
  }

  return {
    lifetimes: { most: maxLifetime, usual: defaultLifetime },
    async create(asked, by) {
      const { userId, scopes, lifetime = defaultLifetime, userAgent } = asked
      const user = await ownerOf(asked)
      const problems = problemsOf(asked, user)
      if (problems.length > 0) throw new UserError('api_key_invalid', problems)
      const name = asked.name.trim()
      const key = newApiKey(prefix)
      const now = clock()
      const record: ApiKeyRecord = {
        ...{ id: uuidv7(), digest: apiKeyDigest(key), userId, name },
        scopes: [...new Set(scopes)],
        ...{ createdAt: now, expiresAt: now + lifetime, lastUsedAt: null },
        expiryTold: isExpiryToldAtOnce(lifetime),
      }
      const details = { key: record.id, name, scope: record.scopes.join(' ') }
      const condition = { securityStamp: user.securityStamp, most: mostKeys }
      const origin: NoticeOrigin = { address: by?.address, userAgent }
      const made = await events.recordWith(
        { ...by, type: 'api_key_created', userId, details },
        (event) =>
          apiKeys.create(record, condition, {
            event,
            mails: notices.of('api_key_created', user, origin, { key: name }),
          }),
      )
      if (!made) {
        if ((await apiKeys.listByUser(userId)).length < mostKeys) existing(null)
        throw new UserError('api_key_limit', [
          `There are ${mostKeys} keys already: end one that is not needed.`,
        ])
      }
      notices.wake()
      return { ...shown(record), key }
    },
    list: async (userId) => (await apiKeys.listByUser(userId)).map(shown),
    async end(userId, id, by) {
      const key = (await apiKeys.listByUser(userId)).find((each) => each.id === id)
      if (key === undefined) return false
      return await end(await store.users.findById(userId), key, by)
    },
    async endAll(userId, by) {
      const owner = await store.users.findById(userId)
      let ended = 0
      for (const key of await apiKeys.listByUser(userId)) if (await end(owner, key, by)) ended++
      return ended
    },
  }
}

/** A key without what only core may see. */
function shown(record: ApiKeyRecord): ApiKey {
  const { id, userId, name, scopes, createdAt, expiresAt, lastUsedAt } = record
  return { id, userId, name, scopes, createdAt, expiresAt, lastUsedAt }
}
