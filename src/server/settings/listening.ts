// Where the server listens, and how it is reached.

import { availableParallelism } from 'node:os'
import { metadataPath } from '../../http/endpoints/metadata.ts'
import { readOrigins } from './allowed-origins.ts'
import { ownIssuer } from './loopback.ts'
import { address, flag, integer, type Setting, type SettingsOf, setting } from './setting.ts'
import { readAddresses, type TrustedProxies } from './trusted-proxies.ts'

export const host: Setting<string> = address('HOST', {
  fallback: 'localhost',
  description:
    'Address to listen on; `0.0.0.0` for every IPv4 interface. `localhost` is 127.0.0.1 and, if the machine has IPv6, `::1`.',
})

export const port: Setting<number> = integer('PORT', {
  least: 0,
  most: 65535,
  fallback: 8000,
  description: 'Port to listen on; `0` for any free one. `serve --port` wins over it.',
})

const maxWorkers = 256

/** Processes that serve, on this machine. */
export const workers: Setting<number> = setting(
  'WORKERS',
  {
    fallback: 1,
    description:
      'Processes that serve, on this machine; `auto` for one per core. `serve --workers` wins over it.',
  },
  (text, problems) => {
    if (text === 'auto') return availableParallelism()
    const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
    if (count >= 1 && count <= maxWorkers) return count
    problems.push(`WORKERS must be a whole number from 1 to ${maxWorkers}, or auto: one per core.`)
    return undefined
  },
)

/** The URL of this server as its users reach it: the `iss` of tokens. */
export const issuer: Setting<string> = setting(
  'ISSUER',
  {
    fallback: (valueFor) => ownIssuer(valueFor(port)),
    default: '`http://localhost:` and the port',
    description:
      'URL of this server as its users reach it; the `iss` of tokens. If you change it (also by changing `PORT`), all access tokens are refused; sessions stay, and a refresh brings a new token.',
  },
  (text, problems) => {
    if (isIssuer(text)) return text
    problems.push(
      'ISSUER must be an http or https URL with a plain path at most, such as https://auth.example.com.',
    )
    return undefined
  },
)

export const allowInsecureIssuer: Setting<boolean> = flag('ALLOW_INSECURE_ISSUER', {
  fallback: false,
  description:
    '`true` accepts an `ISSUER` that is not https and is not this machine: an attacker on the network then reads passwords and tokens.',
})

/** Proxies whose `X-Forwarded-For` is trusted. */
export const trustedProxies: SettingsOf<TrustedProxies> = {
  addresses: setting(
    'TRUSTED_PROXIES',
    {
      fallback: [] as readonly string[],
      default: 'none',
      description:
        'Addresses and CIDR blocks of the proxies in front, with commas between: their `X-Forwarded-For` tells where a request comes from. Without it every client behind a proxy shares one address, so one attacker slows down all logins.',
    },
    readAddresses,
  ),
  hops: integer('TRUSTED_PROXY_HOPS', {
    least: 1,
    most: 16,
    fallback: 1,
    description: 'How many of these proxies a request comes through.',
  }),
}

/** Whose pages may call the server. */
export const corsOrigins: Setting<readonly string[]> = setting(
  'CORS_ORIGINS',
  {
    fallback: [] as readonly string[],
    default: 'none',
    description:
      'Origins, with commas between, whose pages may call this server from a browser, such as `https://app.example.com`, or `capacitor://localhost` for an app. Pages of its own origin always may.',
  },
  readOrigins,
)

export const docs: Setting<boolean> = flag('DOCS', {
  fallback: true,
  description: '`false` leaves out `/docs` and `/openapi.json`.',
})

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash, username, password } = new URL(text)
  const hasMore = [search, hash, username, password].some((part) => part !== '')
  return (protocol === 'http:' || protocol === 'https:') && !hasMore && metadataPath(text) !== null
}
