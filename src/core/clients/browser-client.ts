import type { ClientRecord, TokenEndpointAuthMethod } from './client-store.ts'
import { redirectUriProblem, webUriProblem } from './redirect-uri.ts'

/** What a client is registered with for logins by browser (RFC 7591 §2, OpenID Connect). */
export interface BrowserClient {
  /**
   * Where its users may come back to from a login by browser, byte for byte (RFC 6749 §3.1.2): https, http on
   * this machine, or a scheme of the app's own with a dot. Default none.
   */
  readonly redirectUris?: readonly string[]
  /** Where they may come back to from a log-out, byte for byte; the same rules. Default none. */
  readonly postLogoutRedirectUris?: readonly string[]
  /** True for the application's own client: its users are not asked what it may do. Default false. */
  readonly firstParty?: boolean
  /** How it authenticates; it is refused with another method. Default: any that fits. */
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod
  /**
   * Whether an authorization request must have a challenge (RFC 7636). `'optional'` is for a confidential
   * client that cannot send one. Default `'required'`.
   */
  readonly pkce?: 'required' | 'optional'
  /** A picture of it, by https. Default none. */
  readonly logoUri?: string
  /** Its home page, by https. Default none. */
  readonly clientUri?: string
  /** What it does with data, by https. Default none. */
  readonly policyUri?: string
  /** Its terms of service, by https. Default none. */
  readonly tosUri?: string
  /** What is told of a log-out, by https or on this machine (OpenID Connect Back-Channel Logout §2.2). Default none. */
  readonly backchannelLogoutUri?: string
}

/** The members of a record that are of logins by browser. */
export type BrowserClientRecord = Pick<ClientRecord, keyof BrowserClient>

/** Of each list of URIs. */
const maxUris = 50

const listNames = {
  redirectUris: 'redirect URI',
  postLogoutRedirectUris: 'post-logout redirect URI',
} as const

const webUriNames = {
  logoUri: 'logo URI',
  clientUri: 'client URI',
  policyUri: 'policy URI',
  tosUri: 'terms of service URI',
  backchannelLogoutUri: 'back-channel logout URI',
} as const

/** The optional URIs of a client. */
export const webUris: readonly (keyof typeof webUriNames)[] = Object.keys(
  webUriNames,
) as (keyof typeof webUriNames)[]

/** The names of all members, in the order of the documents. */
export const browserClientMembers: readonly (keyof BrowserClient)[] = [
  ...(['redirectUris', 'postLogoutRedirectUris', 'firstParty'] as const),
  ...(['tokenEndpointAuthMethod', 'pkce'] as const),
  ...webUris,
]

/**
 * Every reason against them, one sentence each. None repeats a URI, which may hold a password. Nothing here
 * needs to have its type.
 */
export function browserClientProblems(
  client: { readonly [K in keyof BrowserClient]: unknown },
  title: string,
  confidential: boolean,
): readonly string[] {
  const { firstParty, tokenEndpointAuthMethod: method, pkce } = client
  const problems: string[] = []
  for (const name of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    problems.push(...listProblems(client[name], listNames[name], title))
  }
  if (firstParty !== undefined && typeof firstParty !== 'boolean') {
    problems.push(`"firstParty" of the ${title} must be true or false.`)
  }
  const methods = confidential ? ['client_secret_basic', 'client_secret_post'] : ['none']
  if (method !== undefined && !methods.includes(method as string)) {
    const kind = confidential ? 'has a secret' : 'has no secret'
    problems.push(
      `"tokenEndpointAuthMethod" of the ${title}, which ${kind}, must be ${methods.join(' or ')}.`,
    )
  }
  if (pkce !== undefined && pkce !== 'required' && pkce !== 'optional') {
    problems.push(`"pkce" of the ${title} must be required or optional.`)
  } else if (pkce === 'optional' && !confidential) {
    // Without a secret and without a challenge anybody who sees a code can use it (RFC 9700 §2.1.1).
    problems.push(`The ${title} must have a secret for "pkce" to be optional.`)
  }
  for (const name of webUris) {
    const problem = client[name] === undefined ? null : webUriProblem(client[name])
    if (problem !== null) problems.push(`The ${webUriNames[name]} of the ${title} ${problem}.`)
  }
  return problems
}

function listProblems(list: unknown, name: string, title: string): readonly string[] {
  if (list === undefined) return []
  if (!Array.isArray(list)) return [`The ${name}s of the ${title} must be a list.`]
  if (list.length > maxUris) {
    return [`The ${title} must have at most ${maxUris} ${name}s.`]
  }
  return list.flatMap((uri, index) => {
    const problem = redirectUriProblem(uri)
    return problem === null ? [] : [`The ${name} no. ${index + 1} of the ${title} ${problem}.`]
  })
}

/** The members of a record, for what has no problems. */
export function toBrowserClientRecord({
  redirectUris = [],
  postLogoutRedirectUris = [],
  firstParty = false,
  tokenEndpointAuthMethod = null,
  pkce = 'required',
  logoUri = null,
  clientUri = null,
  policyUri = null,
  tosUri = null,
  backchannelLogoutUri = null,
}: Partial<BrowserClientRecord>): BrowserClientRecord {
  return {
    redirectUris: [...new Set(redirectUris)],
    postLogoutRedirectUris: [...new Set(postLogoutRedirectUris)],
    ...{ firstParty, tokenEndpointAuthMethod, pkce },
    ...{ logoUri, clientUri, policyUri, tosUri, backchannelLogoutUri },
  }
}
