import { randomBytes } from 'node:crypto'
import {
  ConflictError,
  type SigningKeyRecord,
  type SigningKeyStore,
  type Store,
  type UserRecord,
  type UserStore,
} from '../core/store.ts'

/** A store that is gone with the process: for tests and trials. */
export function memory(): Store {
  const key = randomBytes(32)
  return {
    users: createUsers(),
    signingKeys: createSigningKeys(),
    open: async () => {},
    check: async () => {},
    keyEncryptionKey: async () => key,
    close: async () => {},
  }
}

function createUsers(): UserStore {
  const byId = new Map<string, UserRecord>()
  const idByUsername = new Map<string, string>()

  function refuseIfLast(user: UserRecord, roles: readonly string[] = []): void {
    const counts = (other: UserRecord): boolean => other.active && roles.includes(other.role)
    if (!counts(user)) return
    for (const other of byId.values()) if (other.id !== user.id && counts(other)) return
    throw new ConflictError('last_active')
  }

  function insert(user: UserRecord): void {
    if (idByUsername.has(user.username)) throw new ConflictError('username_taken')
    byId.set(user.id, Object.freeze({ ...user }))
    idByUsername.set(user.username, user.id)
  }

  return {
    async create(user) {
      insert(user)
    },
    async createFirst(user) {
      if (byId.size > 0) return false
      insert(user)
      return true
    },
    findById: (id) => byId.get(id) ?? null,
    findByUsername: (username) => byId.get(idByUsername.get(username) ?? '') ?? null,
    async list({ search = '', after = '', limit }) {
      return [...byId.values()]
        .filter(({ username }) => username > after && username.includes(search))
        .sort((a, b) => (a.username < b.username ? -1 : 1))
        .slice(0, limit)
    },
    async counts() {
      const byRole: Record<string, number> = {}
      let active = 0
      for (const user of byId.values()) {
        byRole[user.role] = (byRole[user.role] ?? 0) + 1
        if (user.active) active++
      }
      return { total: byId.size, active, byRole }
    },
    async update(id, changes, keepOneActiveIn) {
      const user = byId.get(id)
      if (!user) return null
      refuseIfLast(user, keepOneActiveIn)
      const changed = Object.freeze({ ...user, ...changes })
      byId.set(id, changed)
      return changed
    },
    async replacePasswordHash(id, from, to, securityStamp) {
      const user = byId.get(id)
      if (user?.passwordHash !== from) return false
      byId.set(
        id,
        Object.freeze({ ...user, passwordHash: to, ...(securityStamp && { securityStamp }) }),
      )
      return true
    },
    async remove(id, keepOneActiveIn) {
      const user = byId.get(id)
      if (!user) return false
      refuseIfLast(user, keepOneActiveIn)
      idByUsername.delete(user.username)
      return byId.delete(id)
    },
  }
}

function createSigningKeys(): SigningKeyStore {
  const keys: SigningKeyRecord[] = []
  return {
    list: async () => [...keys],
    async createFirst(key) {
      if (keys.some((other) => other.algorithm === key.algorithm)) return false
      keys.unshift(key)
      return true
    },
  }
}
