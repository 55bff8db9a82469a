import type { Roles } from '../access/roles.ts'
import { ConfigError } from '../errors.ts'
import { attempt, number, record, type ShapesOf, text, texts } from '../options.ts'
import type { PasskeyOptions, PasskeySettings } from './passkeys/passkey-options.ts'

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
  /**
   * Passkeys: true, or what they are made for. The issuer must have a name, and https unless it is localhost.
   * Needs the package `@simplewebauthn/server`. Default false. See `PasskeyOptions`.
   */
  readonly passkeys?: boolean | PasskeyOptions
}

/** What the options have to be. */
export const factorShapes: ShapesOf<FactorsOptions> = {
  required: texts,
  requiredFrom: number,
  issuerName: text,
  passkeys: {
    words: 'true, false, or an object of options',
    accepts: (value) => typeof value === 'boolean' || record.accepts(value),
    members: { rpId: text, rpName: text, origins: texts } satisfies ShapesOf<PasskeyOptions>,
  },
}

/** The options as they are used. */
export interface FactorSettings {
  readonly required: readonly string[]
  readonly requiredFrom: number
  readonly issuerName: string
  /** Null if they are off. */
  readonly passkeys: PasskeySettings | null
}

const longestName = 64

/** What the options are read with. */
interface Site {
  readonly roles: Roles | undefined
  readonly issuer: string
  readonly siteName: string
}

/** @throws {ConfigError} with every problem of the options. */
export async function readFactorOptions(
  { required = [], requiredFrom = 0, issuerName, passkeys: wanted = false }: FactorsOptions,
  { roles, issuer, siteName }: Site,
): Promise<FactorSettings> {
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
  const name = issuerName ?? siteName.replaceAll(':', ' ')
  const passkeys = await readPasskeys(wanted, issuer, name, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return { required, requiredFrom, issuerName: name, passkeys }
}

/** Null if they are off, or there are problems. What reads them is loaded only if they are on. */
async function readPasskeys(
  given: boolean | PasskeyOptions,
  issuer: string,
  name: string,
  problems: string[],
): Promise<PasskeySettings | null> {
  if (given === false) return null
  const { readPasskeyOptions } = await import('./passkeys/passkey-options.ts')
  const options = given === true ? {} : given
  return attempt(problems, () => readPasskeyOptions(options, issuer, name)) ?? null
}

// A colon would end it, where apps read it.
function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= longestName && !/[:\p{Cc}]/u.test(name)
}
