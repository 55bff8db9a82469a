import { isInsecure, isLoopback } from '../../server/settings/loopback.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning } = findingsOf('cors')

/** What pages of other origins may call the server; `*` and `null` are refused with the configuration. */
export function checkCors({ config }: Subject): readonly Finding[] {
  const { corsOrigins, issuer, hostedLogin } = config
  const found = corsOrigins.flatMap((origin) => judge(origin, new URL(issuer)))
  if (found.length > 0) return found
  const pages = corsOrigins.length === 0 ? 'No page of another origin' : corsOrigins.join(', ')
  const more = hostedLogin
    ? '. Pages of clients that log in by browser may ask for tokens. No cookie goes along.'
    : '; no cookie is set or asked for.'
  return [ok(`${pages} may call this server from a browser${more}`)]
}

function judge(origin: string, issuer: URL): readonly Finding[] {
  const { protocol, hostname } = new URL(origin)
  // A page that is part of an app, which comes with it.
  if (protocol !== 'http:' && protocol !== 'https:') return []
  if (origin === issuer.origin) {
    return [
      warning(
        `CORS_ORIGINS names ${origin}, which is this server's own: its pages always may call it.`,
        'Take it out, and name the origins of other pages alone.',
      ),
    ]
  }
  if (isInsecure(origin)) {
    return [
      warning(
        `CORS_ORIGINS names ${origin}, which is not https: the network can change its pages and take the tokens that they hold.`,
        'Serve these pages by https, and name that origin in its place.',
      ),
    ]
  }
  if (isLoopback(hostname) && !isLoopback(issuer.hostname)) {
    return [
      warning(
        `CORS_ORIGINS names ${origin}, a page on the user's own machine, and ISSUER ${issuer.origin} is for others.`,
        'Take it out, unless this server is for development.',
      ),
    ]
  }
  if (protocol === 'https:' && isInsecure(issuer.href)) {
    return [
      warning(
        `CORS_ORIGINS names ${origin}, and browsers let no https page call ${issuer.origin}, which is not.`,
        'Put a proxy with TLS in front, and set ISSUER to its https URL.',
      ),
    ]
  }
  return []
}
