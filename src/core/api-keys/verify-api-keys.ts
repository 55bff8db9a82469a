import { LRUCache } from 'lru-cache'
import { formatScope } from '../access/scope.ts'
import type { Clock } from '../clock.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { mapAnswer } from '../maybe-promise.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { userAt } from '../users/suspension.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { ApiKeyRecord, ApiKeyStore } from './api-key-store.ts'
import { apiKeyDigest, isApiKey } from './api-key-text.ts'
import type { ApiKeyVerifier } from './api-keys.ts'

/** The client that a request with an API key counts as. No client has an id with a colon that is not ours. */
const apiKeyClientId = 'portcullis:api-key'

/** Seconds in which a use is noted once. */
const useInterval = 10 * 60
/** Keys whose uses one process remembers having noted. */
const mostNoted = 10_000

/** Lets a subclass put its private field on the given object. */
class FieldOf {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for.
    return object
  }
}

/** The record behind a token: no other code can read it, as it could a member. A `WeakMap` costs more. */
class Owner extends FieldOf {
  #user: UserRecord | null = null

  static put(token: AccessToken, user: UserRecord): void {
    const owner = new Owner(token)
    owner.#user = user
  }

  static of(token: object): UserRecord | null {
    return #user in token ? token.#user : null
  }
}

export interface ApiKeyVerifierOptions {
  readonly store: ApiKeyStore
  readonly prefix: string
  readonly keys: KeyRing
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
}

/** Tells whether API keys are valid, and notes their use. */
export function createApiKeyVerifier(options: ApiKeyVerifierOptions): ApiKeyVerifier {
  const { store, prefix, keys, issuer, audience, clock } = options
  const start = `${prefix}_`
  const noted = new LRUCache<string, number>({ max: mostNoted })
  const pending = new Set<Promise<unknown>>()
  const counts = { accepted: 0, refused: 0 }

  function refuse(): null {
    counts.refused++
    return null
  }

  function tokenOf(key: ApiKeyRecord): AccessToken {
    const { id, name, userId, scopes, createdAt, expiresAt } = key
    // Of one request alone, unlike the token of a JWT: nothing is frozen.
    return {
      claims: {
        iss: issuer,
        sub: userId,
        aud: audience,
        exp: expiresAt,
        iat: createdAt,
        jti: id,
        client_id: apiKeyClientId,
        scope: formatScope(scopes),
      },
      scopes,
      kind: 'user',
      keyId: '',
      apiKey: { id, name },
    }
  }

  /** Begins when the request has gone on. What fails is noted at a later use. */
  function noteUse({ id, lastUsedAt }: ApiKeyRecord, now: number): void {
    const since = now - useInterval
    const isRecent = (instant: number | null | undefined): boolean =>
      typeof instant === 'number' && instant >= since
    if (isRecent(lastUsedAt) || isRecent(noted.get(id))) return
    noted.set(id, now)
    const noting: Promise<unknown> = new Promise((resolve) => setImmediate(resolve))
      .then(() => store.touch(id, now, since))
      .catch(() => {})
      .then(() => pending.delete(noting))
    pending.add(noting)
  }

  return {
    counts,
    isKey: (text) => text.startsWith(start),
    verify(text) {
      if (!isApiKey(prefix, text)) return refuse()
      return mapAnswer(store.findSubject(apiKeyDigest(text)), (subject) => {
        if (subject === null) return refuse()
        const { key, user, keysVersion } = subject
        const now = clock()
        if (key.expiresAt <= now || !userAt(user, now).active) return refuse()
        counts.accepted++
        const token = tokenOf(key)
        Owner.put(token, user)
        noteUse(key, now)
        return mapAnswer(keys.follow(keysVersion), () => token)
      })
    },
    userOf: (token) => Owner.of(token),
    async settle() {
      await Promise.all(pending)
    },
  }
}
