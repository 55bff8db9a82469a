import type { Roles } from '../access/roles.ts'
import { ConfigError } from '../errors.ts'
import { number, type ShapesOf, text, texts } from '../options.ts'

/** Second factors. The option alone lets users have them; who has one is asked for it at each login. */
export interface FactorsOptions {
  /**
   * Roles that demand a second factor: a user of one who has none sets one up at the next login. Until then
   * every guard refuses the user. Default none.
   */
  readonly required?: readonly string[]
  /** The instant from which they demand it: a grace for those who are there. Seconds since 1970. Default: at once. */
  readonly requiredFrom?: number
  /** What authenticator apps show codes under. Default: the name of the site, else the host of the issuer. */
  readonly issuerName?: string
}

/** What the options have to be. */
export const factorShapes: ShapesOf<FactorsOptions> = {
  required: texts,
  requiredFrom: number,
  issuerName: text,
}

/** The options as they are used. */
export interface FactorSettings {
  readonly required: readonly string[]
  readonly requiredFrom: number
  readonly issuerName: string
}

const longestName = 64

/** @throws {ConfigError} with every problem of the options. */
export function readFactorOptions(
  { required = [], requiredFrom = 0, issuerName }: FactorsOptions,
  roles: Roles | undefined,
  siteName: string,
): FactorSettings {
  const problems: string[] = []
  const unknown = required.filter((role) => roles && !roles.names.includes(role))
  if (unknown.length > 0) {
    problems.push(
      `factors.required takes roles (${roles?.names.join(', ')}), not: ${unknown.join(', ')}.`,
    )
  }
  if (!Number.isSafeInteger(requiredFrom) || requiredFrom < 0 || requiredFrom > 1e11) {
    problems.push('factors.requiredFrom must be an instant in whole seconds since 1970.')
  }
  if (issuerName !== undefined && !isName(issuerName)) {
    problems.push(
      `factors.issuerName must be a name of 1 to ${longestName} characters without a colon.`,
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { required, requiredFrom, issuerName: issuerName ?? siteName.replaceAll(':', ' ') }
}

// A colon would end it, where apps read it.
function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= longestName && !/[:\p{Cc}]/u.test(name)
}
