import { isIPv4 } from 'node:net'
import { ConfigError } from '../core/errors.ts'

/** A relay, as its URL names it. */
export interface Relay {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (RFC 8314 §3.3). Otherwise by STARTTLS (RFC 3207). */
  readonly secure: boolean
  /** Without TLS if the relay offers none: on this machine alone. */
  readonly isLocal: boolean
  readonly user?: string
  readonly password?: string
}

const form = 'smtps://user:password@relay.example.com, or smtp://localhost:25'

/**
 * What is wrong with the URL of a relay, one sentence each; none if it can be used. No sentence holds the
 * password.
 */
export function smtpProblems(url: string): readonly string[] {
  const parsed = URL.parse(url)
  if (parsed === null || !['smtp:', 'smtps:'].includes(parsed.protocol)) {
    return [`The URL of the mail relay must begin with smtp:// or smtps://, such as ${form}.`]
  }
  const { hostname, pathname, search, hash, username, password } = parsed
  const problems: string[] = []
  if (hostname === '') problems.push(`The URL of the mail relay must name a host, such as ${form}.`)
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '') {
    problems.push(
      'The URL of the mail relay must have no path, query or fragment: percent-encode / ? # and @ in its password.',
    )
  }
  if (parsed.port === '0') problems.push('The port of the mail relay must be 1 to 65535.')
  if ((username === '') !== (password === '')) {
    problems.push('The URL of the mail relay must hold both a user and a password, or neither.')
  }
  if (decoded(username) === null || decoded(password) === null) {
    problems.push('The user and the password of the mail relay must be percent-encoded.')
  }
  return problems
}

/** @throws {ConfigError} with what `smtpProblems` says. */
export function parseSmtpUrl(url: string): Relay {
  const problems = smtpProblems(url)
  if (problems.length > 0) throw new ConfigError(problems)
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return {
    ...{ host, secure, isLocal: isLoopback(host) },
    // 587 is for the submission of mails (RFC 6409); 25 for relays, and here for one of this machine.
    port: Number(port) || (secure ? 465 : 587),
    ...(username !== '' && { user: decoded(username) ?? '', password: decoded(password) ?? '' }),
  }
}

/** Whether a host is this machine, whatever a name server says. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
