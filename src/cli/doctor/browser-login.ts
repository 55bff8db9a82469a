import { isLoopback } from '../../server/settings/loopback.ts'
import type { Config } from '../../server/settings/settings.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('browser-login')

/** People can log in by browser, and clients can verify what they get. */
export function checkBrowserLogin({ config }: Pick<Subject, 'config'>): readonly Finding[] {
  if (!config.hostedLogin) return []
  return [...cookieFindings(config), ...tokenFindings(config)]
}

function cookieFindings({ issuer }: Config): readonly Finding[] {
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'https:') return [ok('The cookie of the login is __Host-, for this host alone.')]
  return isLoopback(hostname)
    ? [
        ok(
          'The cookie of the login is for this machine: its name has no __Host-, and the port in it.',
        ),
      ]
    : [
        problem(
          'ISSUER is http: browsers would send the cookie of the login in clear.',
          'Put a proxy with TLS in front, and name its URL in ISSUER.',
        ),
      ]
}

function tokenFindings({ secretKey, signingAlgorithm }: Config): readonly Finding[] {
  if (secretKey !== undefined) {
    return [
      warning(
        'SECRET_KEY has no public half, so there are no ID tokens, and the scope openid is refused.',
        'Leave SECRET_KEY out for OpenID Connect.',
      ),
    ]
  }
  return signingAlgorithm === 'RS256'
    ? [ok('ID tokens are signed with RS256, which every client can verify.')]
    : [
        ok(
          `ID tokens are signed with ${signingAlgorithm}.`,
          'Set SIGNING_ALGORITHM=RS256 for a client that verifies nothing else, as certification asks for.',
        ),
      ]
}
