import type { SigningAlgorithm } from '../core/signing-key.ts'

/** The tables, as Kysely sees them. Booleans are 0 and 1, so that both engines agree. */
export interface Schema {
  users: UsersTable
  sessions: SessionsTable
  signing_keys: SigningKeysTable
  signing_key_set: SigningKeySetTable
}

export interface UsersTable {
  id: string
  username: string
  password_hash: string | null
  role: string
  active: number
  created_at: number
  security_stamp: string
}

export interface SigningKeysTable {
  id: string
  algorithm: SigningAlgorithm
  sealed_private_key: string
  created_at: number
  signs_from: number
  verifies_until: number | null
}

/** One row, whose lock chooses among processes that would change the keys. */
export interface SigningKeySetTable {
  id: number
  version: number
}

export interface SessionsTable {
  id: string
  user_id: string
  client_id: string
  scope: string
  generation: number
  rotated_at: number
  created_at: number
  expires_at: number
  revoked_at: number | null
  security_stamp: string
  label: string
  address: string
}
