import type { ApiKey } from '../../core/api-keys/api-keys.ts'
import { Instant } from './known-facts.ts'

/** An API key as a JSON Schema: not the key itself, which nobody can read again. */
export const ApiKeyAnswer = {
  title: 'ApiKey',
  type: 'object',
  required: ['id', 'name', 'scope', 'created_at', 'expires_at', 'last_used_at'],
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    scope: { type: 'string', description: 'What it may do, space-delimited' },
    created_at: Instant as typeof Instant,
    expires_at: Instant as typeof Instant,
    last_used_at: {
      anyOf: [Instant as typeof Instant, { type: 'null' }],
      description: 'Null if it was never used; noted once in 10 minutes',
    },
  },
} as const

// No interface, which a schema with room for other members would refuse.
type ApiKeyBody = Readonly<
  Record<'id' | 'name' | 'scope', string> & Record<'created_at' | 'expires_at', number>
> & { readonly last_used_at: number | null }

/** An API key as the wire shows one. */
export function apiKeyAnswer({
  id,
  name,
  scopes,
  createdAt,
  expiresAt,
  lastUsedAt,
}: Omit<ApiKey, 'userId'>): ApiKeyBody {
  return {
    ...{ id, name, scope: scopes.join(' ') },
    ...{ created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt },
  }
}
