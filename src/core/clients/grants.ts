/** What a grant type is for. */
interface GrantKind {
  /** Whom its tokens speak for. One that speaks for the client needs a confidential client. */
  readonly subject: 'user' | 'client'
  /** True if a client that is registered without a list of grants may use it. */
  readonly byDefault: boolean
  /** True if it is served only where people log in by browser. Default false. */
  readonly hosted?: boolean
}

/**
 * Every grant type of the token endpoint, said once: registration, the command line, the metadata and the
 * OpenAPI document take it from here. The compiler asks for its implementation in `http/grants`.
 */
const grantKinds = {
  password: { subject: 'user', byDefault: true },
  refresh_token: { subject: 'user', byDefault: true },
  client_credentials: { subject: 'client', byDefault: false },
  authorization_code: { subject: 'user', byDefault: false, hosted: true },
} as const

/** The name of a grant type, as `grant_type` has it (RFC 6749). */
export type GrantName = keyof typeof grantKinds

/** The names of the grants that speak for users, and of those that speak for the client itself. */
export type GrantFor<Subject extends GrantKind['subject']> = {
  [Name in GrantName]: (typeof grantKinds)[Name]['subject'] extends Subject ? Name : never
}[GrantName]

function kindOf(name: GrantName): GrantKind {
  return grantKinds[name]
}

/** The names of all grant types. */
export const grantNames: readonly GrantName[] = Object.keys(grantKinds) as GrantName[]

/** Those that the token endpoint serves: with login by browser all, without it the others. */
export function servedGrants(isHosted: boolean): readonly GrantName[] {
  return isHosted ? grantNames : grantNames.filter((name) => !kindOf(name).hosted)
}

/** Those of a client with redirect URIs that was registered without any. */
export const defaultBrowserGrants: readonly GrantName[] = ['authorization_code', 'refresh_token']

/** Those of any other client that was registered without any. */
export const defaultGrants: readonly GrantName[] = grantNames.filter(
  (name) => kindOf(name).byDefault,
)

/** True if a text is the name of a grant type. */
export function isGrantName(text: string): text is GrantName {
  return Object.hasOwn(grantKinds, text)
}

/** True if one of the names is of a grant that speaks for the subject. */
export function haveGrantFor(subject: GrantKind['subject'], names: readonly string[]): boolean {
  return names.some((name) => isGrantName(name) && kindOf(name).subject === subject)
}
