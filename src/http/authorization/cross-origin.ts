import type { Auth } from '../../core/auth.ts'
import { originOfRedirectUri } from '../../core/clients/redirect-uri.ts'
import { coalesce } from '../../core/coalesce.ts'
import { UnavailableError } from '../../core/errors.ts'
import type { MountedEndpoint } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'

/** True if pages of an origin may read answers. */
export type AllowedOrigins = (origin: string) => Promise<boolean>

/** Seconds after which the registered clients are read again. */
const readFor = 60
/** Seconds that a browser may go on without asking again. */
const preflightLifetime = 600

/** What a page may send: ours, and what tracing adds (W3C Trace Context and Baggage, Sentry). */
const allowedHeaders = [
  ...['authorization', 'content-type'],
  ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
].join(', ')

/**
 * The origins that users are sent back to after a login: single-page applications, which exchange their code
 * themselves. Reads the clients once a minute, and at most once a second for an origin that is not known.
 */
export function createRegisteredOrigins({
  clients,
  clock,
}: Pick<Auth, 'clients' | 'clock'>): AllowedOrigins {
  let known: ReadonlySet<string | null> = new Set()
  let readAt: number | undefined

  const read = coalesce(async () => {
    const now = clock()
    const browserClients = (await clients.list()).filter(({ grants }) =>
      grants.includes('authorization_code'),
    )
    known = new Set(
      browserClients.flatMap(({ redirectUris }) => redirectUris.map(originOfRedirectUri)),
    )
    readAt = now
  })

  return async (origin) => {
    const age = readAt === undefined ? readFor : clock() - readAt
    if (age < 0 || age >= readFor || (age > 0 && !known.has(origin))) {
      await read().catch((error) => {
        // The endpoint itself says that the store does not answer, to those that were known.
        if (!(error instanceof UnavailableError)) throw error
      })
    }
    return known.has(origin)
  }
}

/** Everybody's: for documents that are public, and the same for all. */
const anyOrigin: Readonly<Record<string, string>> = { 'access-control-allow-origin': '*' }

/** An endpoint whose answers every page may read. */
export function readableByAll(endpoint: MountedEndpoint): MountedEndpoint {
  return {
    ...endpoint,
    preflight: async () => preflightAnswer(endpoint, anyOrigin),
    async answer(request) {
      const answered = await endpoint.answer(request)
      return { ...answered, headers: { ...answered.headers, ...anyOrigin } }
    },
  }
}

/**
 * An endpoint whose answers pages of some origins may read (Fetch §3.3). No cookie is involved, and none is
 * allowed.
 */
export function readableBy(allows: AllowedOrigins, endpoint: MountedEndpoint): MountedEndpoint {
  async function headersFor(origin: string | undefined): Promise<EndpointAnswer['headers'] | null> {
    const isAllowed = origin !== undefined && (await allows(origin))
    return isAllowed ? { 'access-control-allow-origin': origin, vary: 'Origin' } : null
  }

  return {
    ...endpoint,
    async preflight({ header }) {
      const headers = await headersFor(header('origin'))
      return headers && preflightAnswer(endpoint, headers)
    },
    async answer(request) {
      const answered = await endpoint.answer(request)
      const headers = await headersFor(request.header('origin'))
      const readable = headers && {
        ...headers,
        'access-control-expose-headers': 'www-authenticate, retry-after',
      }
      return { ...answered, headers: { vary: 'Origin', ...answered.headers, ...readable } }
    },
  }
}

function preflightAnswer(
  { methods }: MountedEndpoint,
  headers: EndpointAnswer['headers'],
): EndpointAnswer {
  return {
    status: 204,
    headers: {
      ...headers,
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': String(preflightLifetime),
    },
    body: null,
  }
}
