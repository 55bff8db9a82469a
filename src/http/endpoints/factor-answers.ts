import type { Factor } from '../../core/factors/factor-calls.ts'
import { Instant } from './known-facts.ts'

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
