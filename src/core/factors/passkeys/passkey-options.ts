import { isIP } from 'node:net'
import { ConfigError } from '../../errors.ts'

/** Passkeys of a site (Web Authentication). Each is bound to the site by the RP ID, for good. */
export interface PasskeyOptions {
  /**
   * The domain that passkeys are made for: the host of the issuer, or a domain that it lies in, such as
   * `example.com` for `auth.example.com`. With another one nobody's passkey works any more. Default: the host
   * of the issuer.
   */
  readonly rpId?: string
  /** What devices show the passkey under. Default: as `issuerName`. */
  readonly rpName?: string
  /**
   * Origins beside that of the issuer, whose pages may ask for passkeys: `https://app.example.com`, or
   * `android:apk-key-hash:…` for an app. Default none.
   */
  readonly origins?: readonly string[]
}

/** The options as they are used. */
export interface PasskeySettings {
  readonly rpId: string
  readonly rpName: string
  /** Exact, that of the issuer among them. */
  readonly origins: readonly string[]
}

const longestName = 64

/** @throws {ConfigError} with every problem of the options, and of the issuer. */
export function readPasskeyOptions(
  { rpId, rpName, origins = [] }: PasskeyOptions,
  issuer: string,
  siteName: string,
): PasskeySettings {
  const url = URL.parse(issuer)
  const problems = [...issuerProblems(url, issuer)]
  const host = url?.hostname ?? ''
  const domain = rpId ?? host
  if (rpId !== undefined && rpId !== host && !isWider(rpId, host)) {
    problems.push(
      `factors.passkeys.rpId must be the host of the issuer${host && ` (${host})`}, or a domain that it lies in, such as example.com for auth.example.com.`,
    )
  }
  for (const origin of origins) {
    if (!isOrigin(origin, domain)) {
      problems.push(
        `factors.passkeys.origins takes origins of ${domain || 'the RP ID'}, such as https://app.example.com, not: ${JSON.stringify(origin.slice(0, 100))}.`,
      )
    }
  }
  if (rpName !== undefined && !isName(rpName)) {
    problems.push(`factors.passkeys.rpName must be a name of 1 to ${longestName} characters.`)
  }
  if (problems.length > 0 || url === null) throw new ConfigError(problems)
  return {
    rpId: domain,
    rpName: rpName ?? siteName,
    origins: [...new Set([url.origin, ...origins])],
  }
}

// Browsers make passkeys for names alone, and only where nobody can change a page on its way.
function issuerProblems(url: URL | null, issuer: string): readonly string[] {
  const given = JSON.stringify(issuer.slice(0, 200))
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return [
      `Passkeys need an issuer that is a URL with a name, such as https://auth.example.com, not ${given}.`,
    ]
  }
  const host = url.hostname
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) {
    return [
      `Passkeys need an issuer with a name, because browsers make none for an IP address: use http://localhost or https and a domain, not ${given}.`,
    ]
  }
  if (url.protocol === 'http:' && host !== 'localhost') {
    return [
      `Passkeys need an issuer with https, because browsers make none by http but for localhost: not ${given}.`,
    ]
  }
  return []
}

/** A domain that the host lies in. Nobody owns a single label. */
function isWider(rpId: string, host: string): boolean {
  const isDomain = /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(rpId) && isIP(rpId) === 0
  return isDomain && host.endsWith(`.${rpId}`)
}

function isOrigin(origin: string, rpId: string): boolean {
  // Of an Android app: the digest of its certificate.
  if (/^android:apk-key-hash:[\w-]{27,86}$/.test(origin)) return true
  const url = URL.parse(origin)
  if (url === null || url.origin !== origin) return false
  const { hostname, protocol } = url
  const isSafe = protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost')
  return isSafe && (hostname === rpId || hostname.endsWith(`.${rpId}`))
}

function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= longestName && !/\p{Cc}/u.test(name)
}
