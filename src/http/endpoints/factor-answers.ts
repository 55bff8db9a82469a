import type { Factor } from '../../core/factors/factor-calls.ts'
import { Instant } from './known-facts.ts'

/** A name that was given to a new factor; undefined for none, so that it gets the usual one. */
export function nameIn(given: string | undefined): string | undefined {
  return given?.trim() || undefined
}

/** A second factor as a JSON Schema. */
export const FactorAnswer = {
  title: 'Factor',
  type: 'object',
  required: ['id', 'kind', 'name', 'created_at', 'last_used_at'],
  properties: {
    id: { type: 'string' },
    kind: { type: 'string', enum: ['totp', 'passkey'], description: '`totp` is an app' },
    name: { type: 'string' },
    created_at: Instant as typeof Instant,
    last_used_at: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    synced: {
      type: 'boolean',
      description: 'Of a passkey: whether it is kept on several devices, as it said last',
    },
  },
} as const

/** The second factors of a user. */
export const FactorList = {
  title: 'FactorList',
  type: 'object',
  required: ['factors', 'recovery_codes_left'],
  properties: {
    factors: { type: 'array', items: FactorAnswer as typeof FactorAnswer },
    recovery_codes_left: { type: 'integer' },
  },
} as const

/** Recovery codes, which are shown once. */
export const RecoveryCodes = {
  title: 'RecoveryCodes',
  type: 'object',
  required: ['recovery_codes'],
  properties: { recovery_codes: { type: 'array', items: { type: 'string' } } },
} as const

/** What a factor that was set up brings: codes, and the tokens of a login that waited for it. */
export const enrolledMembers: Readonly<Record<string, object>> = {
  recovery_codes: {
    type: 'array',
    items: { type: 'string' },
    description: 'With the first factor: to be shown once',
  },
  access_token: { type: 'string', description: 'With an `mfa_token`, as what follows' },
  token_type: { type: 'string', enum: ['bearer'] },
  expires_in: { type: 'integer', description: 'Seconds' },
  refresh_token: { type: 'string' },
  scope: { type: 'string' },
}

/** A second factor as the wire shows one. */
export function factorAnswer({ id, kind, name, createdAt, lastUsedAt, synced }: Factor): {
  readonly id: string
  readonly kind: Factor['kind']
  readonly name: string
  readonly created_at: number
  readonly last_used_at: number | null
  readonly synced?: boolean
} {
  return {
    ...{ id, kind, name, created_at: createdAt, last_used_at: lastUsedAt },
    ...(synced !== null && { synced }),
  }
}
