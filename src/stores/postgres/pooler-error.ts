// What PgBouncer says, which has one code for everything before version 1.19: a protocol violation.

const protocolViolation = '08P01'

/** Why a pooler did not let a client in; `other` are the codes of PostgreSQL that mean the same. */
export type PoolerRefusal =
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'no_server' }
  | { readonly kind: 'other'; readonly code: '28P01' | '3D000' }

/** Reads an error as a pooler's; null if it is not one that is known. */
export function readPoolerRefusal(error: unknown): PoolerRefusal | null {
  const { code, message = '' } = Object(error) as { code?: unknown; message?: string }
  const [, name] = /^unsupported startup parameter: (\w+)$/.exec(message) ?? []
  if (name !== undefined) return { kind: 'setting', name }
  if (/server_login_retry|server login (has been )?fail/.test(message)) return { kind: 'no_server' }
  if (code !== protocolViolation) return null
  if (/authentication failed|no such user/i.test(message)) return { kind: 'other', code: '28P01' }
  if (/^no such database|^database .* does not exist/i.test(message)) {
    return { kind: 'other', code: '3D000' }
  }
  return null
}

/** True if a pooler has refused a transaction, since it shares connections after each statement. */
export function isOfStatementPooling(error: unknown): boolean {
  const { message = '' } = Object(error) as { message?: string }
  return message.startsWith('transaction blocks not allowed in statement pooling mode')
}
