import type { ClientCredentials } from '../core/clients/clients.ts'
import { OAuthError } from '../core/errors.ts'
import type { TokenRequest } from './token-messages.ts'

/**
 * Returns the credentials of a token request's client, from HTTP Basic or the form, or null if there
 * are none. An empty pair (`Basic Og==`, which Swagger UI sends when its fields are left empty)
 * counts as none, and so does a header of another scheme: clients send an old access token along.
 *
 * Does not check them.
 *
 * @throws {OAuthError} `invalid_client` for a malformed Basic header, `invalid_request` for both
 * ways at once.
 */
export function readClientCredentials(
  authorization: string | undefined,
  parameters: ReadonlyMap<string, string>,
  { address, requestId }: Pick<TokenRequest, 'address' | 'requestId'> = {},
): ClientCredentials | null {
  const clientId = parameters.get('client_id') ?? ''
  const clientSecret = parameters.get('client_secret') ?? ''
  const basic = /^basic(?: |$)/i.test(authorization ?? '') ? parseBasic(authorization ?? '') : null
  const from = {
    ...(address !== undefined && { address }),
    ...(requestId !== undefined && { requestId }),
  }
  if (basic === null) {
    const method = clientSecret === '' ? 'none' : 'client_secret_post'
    return clientId || clientSecret ? { clientId, clientSecret, method, ...from } : null
  }
  if (clientSecret !== '' || (clientId !== '' && clientId !== basic.clientId)) {
    throw new OAuthError(
      'invalid_request',
      'Send the client credentials in the header or in the form, not in both',
    )
  }
  return { ...basic, ...from }
}

function parseBasic(authorization: string): ClientCredentials | null {
  const encoded = /^basic +([A-Za-z0-9+/]+)={0,2} *$/i.exec(authorization)?.[1]
  if (encoded === undefined) throw malformed()
  const bytes = Buffer.from(encoded, 'base64')
  // The decoder passes over bits and letters that say nothing: one pair, one text.
  if (bytes.toString('base64').replace(/={1,2}$/, '') !== encoded) throw malformed()
  const decoded = bytes.toString()
  const colon = decoded.indexOf(':')
  if (colon === -1) throw malformed()
  const clientId = decode(decoded.slice(0, colon))
  const clientSecret = decode(decoded.slice(colon + 1))
  // With an empty password the client names itself, and shows nothing.
  const method = clientSecret === '' ? 'none' : 'client_secret_basic'
  return clientId || clientSecret ? { clientId, clientSecret, method } : null
}

// RFC 6749 §2.3.1: both parts are form-urlencoded before they are joined.
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw malformed(cause)
  }
}

function malformed(cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', 'The client credentials are malformed', { cause })
}
