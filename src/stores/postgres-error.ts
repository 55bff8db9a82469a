import { UnavailableError } from '../core/errors.ts'

// Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that the same
// statement may not meet again: lost connections, lack of resources, shut-down, timeouts, deadlocks,
// a standby that cannot be written.
const notNow = /^(08...|53...|57...|55P03|25006|40001|40P01)$/
const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

/** Waits for a statement; what a retry or an operator can mend becomes an `UnavailableError`. */
export async function answerLater<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement
  } catch (error) {
    if (!isNotNow(error)) throw error
    throw new UnavailableError('The database cannot be used now', 2, { cause: error })
  }
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505'
}

function isNotNow(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== '') return notNow.test(code) || networkErrors.has(code)
  // The driver's own errors have no code.
  return error instanceof Error && /^(Connection terminated|timeout exceeded)/.test(error.message)
}

function codeOf(error: unknown): string {
  // A host name with several addresses that all refuse yields one error for all of them.
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
