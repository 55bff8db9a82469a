import { UserError } from '../errors.ts'
import type { OwnFields } from '../users/own-fields.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { TrustedIssuer } from './external-issuer.ts'

/**
 * The application's own fields of users who come from other issuers, where nobody is asked for any. Adds a
 * problem if there are such issuers, and the schema has no defaults.
 */
export async function defaultFieldsFor(
  trusted: readonly TrustedIssuer[],
  fields: OwnFields,
  problems: string[],
): Promise<UserFields> {
  if (!trusted.some(({ users }) => users === 'token' || users === 'create')) return {}
  try {
    return Object.freeze(await fields.judge({}))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    problems.push(
      `The schema of userFields needs defaults, for users who come from other issuers: ${error.message}`,
    )
    return {}
  }
}
