import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

/** How a connection is encrypted, in the driver's words. */
export interface PostgresTls {
  /** False: not at all. Undefined: the URL does not say, and the driver goes by `PGSSLMODE`. */
  readonly ssl?: false | ConnectionOptions
  readonly sslnegotiation?: 'postgres' | 'direct'
  readonly enableChannelBinding?: boolean
}

/** The parameters of a URL that are read here. */
export const tlsParameters = [
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'channel_binding',
] as const

const modes = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const

/**
 * Reads the parameters of TLS.
 *
 * `require` checks the certificate as `verify-full` does, as the driver has done for years. libpq
 * would trust any server that answers. That mode is called `no-verify` here.
 */
export function readTls(query: URLSearchParams, problems: string[]): PostgresTls {
  const files = readFiles(query, problems)
  const given = query.get('sslmode') ?? (query.get('ssl') === 'true' ? 'require' : null)
  const mode = given ?? (files === undefined ? null : 'verify-full')
  const negotiation = query.get('sslnegotiation')
  const binding = query.get('channel_binding')

  if (mode === 'prefer' || mode === 'allow') {
    problems.push(
      `must not have sslmode=${mode}, which goes on without encryption where it fails: use verify-full, or disable`,
    )
  } else if (mode !== null && !(modes as readonly string[]).includes(mode)) {
    problems.push(`must have one of ${modes.join(', ')} in sslmode`)
  }
  if (mode === 'verify-ca' && files?.ca === undefined) {
    problems.push(
      'must name the authority in sslrootcert for sslmode=verify-ca: any server with a certificate of a public one would be trusted',
    )
  }
  if (query.has('ssl') && !['true', 'false'].includes(query.get('ssl') ?? '')) {
    problems.push('must have true or false in ssl')
  }
  if (negotiation !== null && negotiation !== 'postgres' && negotiation !== 'direct') {
    problems.push('must have postgres or direct in sslnegotiation')
  }
  if (negotiation === 'direct' && (mode === null || mode === 'disable')) {
    problems.push('must have an sslmode for sslnegotiation=direct, such as verify-full')
  }
  if (binding !== null && !['disable', 'prefer', 'require'].includes(binding)) {
    problems.push('must have disable, prefer or require in channel_binding')
  }

  if (mode === 'disable' || (mode === null && query.get('ssl') === 'false')) return { ssl: false }
  return {
    ...(mode !== null && { ssl: { ...files, ...checks[mode as keyof typeof checks] } }),
    ...(negotiation === 'direct' && { sslnegotiation: negotiation }),
    // Used where the server offers it.
    ...(binding !== null && binding !== 'disable' && { enableChannelBinding: true }),
  }
}

const checks: Readonly<Record<'verify-ca' | 'no-verify', ConnectionOptions>> = {
  // The chain, not the name.
  'verify-ca': { checkServerIdentity: () => undefined },
  'no-verify': { rejectUnauthorized: false },
}

const fileOptions = [
  ['sslrootcert', 'ca'],
  ['sslcert', 'cert'],
  ['sslkey', 'key'],
] as const

/** The certificates and the key; undefined if none is named. */
function readFiles(query: URLSearchParams, problems: string[]): ConnectionOptions | undefined {
  const files: { ca?: string; cert?: string; key?: string } = {}
  let named = false
  for (const [parameter, option] of fileOptions) {
    const path = query.get(parameter)
    if (!path) continue
    named = true
    // The authorities that Node.js trusts.
    if (parameter === 'sslrootcert' && path === 'system') continue
    try {
      files[option] = readFileSync(path, 'utf8')
    } catch {
      problems.push(`names a file in ${parameter} that cannot be read: check its path and mode`)
    }
  }
  return named ? files : undefined
}
