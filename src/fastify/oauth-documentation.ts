import { grantNames } from '../core/clients/registration.ts'

const text = { type: 'string' } as const

const tokenError = (description: string): object => ({
  description,
  type: 'object',
  properties: { error: text, error_description: text, detail: text },
})

/** How a client names itself without HTTP Basic. */
const clientFields = { client_id: text, client_secret: { type: 'string', format: 'password' } }

/** The token endpoint in the OpenAPI document. */
export const tokenDocumentation: object = {
  tags: ['auth'],
  operationId: 'createToken',
  summary: 'Log in, refresh, or get a token for a client',
  description:
    'The password grant of OAuth 2.0 (RFC 6749 §4.3), for the first-party front ends of this API: asked for no scope, it grants all that the role of the user does. With `grant_type=refresh_token` a refresh token is exchanged for a new pair (§6); each is good once. With `grant_type=client_credentials` a registered confidential client gets a token for itself (§4.4), without a refresh token; it authenticates by HTTP Basic or by `client_id` and `client_secret`.',
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    properties: {
      grant_type: { type: 'string', enum: grantNames, default: 'password' },
      username: text,
      password: { type: 'string', format: 'password' },
      refresh_token: text,
      scope: {
        type: 'string',
        description:
          'Space-delimited; fewer than the role grants, or the client is registered with',
      },
      ...clientFields,
    },
  },
  response: {
    200: {
      description: 'An access token',
      type: 'object',
      properties: {
        access_token: text,
        token_type: text,
        expires_in: { type: 'integer', description: 'Seconds' },
        refresh_token: text,
        scope: text,
      },
    },
    400: tokenError('The request is malformed'),
    401: tokenError('Incorrect username or password, or the client could not be authenticated'),
    429: tokenError('Too many failed attempts; see Retry-After'),
    503: tokenError('Too many logins at once; see Retry-After'),
  },
}

/** The revocation endpoint in the OpenAPI document. */
export const revocationDocumentation: object = {
  tags: ['auth'],
  operationId: 'revokeToken',
  summary: 'Log out',
  description:
    'Ends the session of a refresh or access token (RFC 7009). A token that is unknown or ended already is 200 too.',
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    required: ['token'],
    properties: { token: text, token_type_hint: text, ...clientFields },
  },
  response: {
    200: { description: 'The session has ended', type: 'null' },
    400: tokenError('The request is malformed, or the token was issued to another client'),
    401: tokenError('The client could not be authenticated'),
    429: tokenError('Too many wrong client secrets; see Retry-After'),
    503: tokenError('Not done; see Retry-After'),
  },
}

/** The introspection endpoint in the OpenAPI document. */
export const introspectionDocumentation: object = {
  tags: ['auth'],
  operationId: 'introspectToken',
  summary: 'Is this token good?',
  description:
    'Tells a registered confidential client what a token may do today (RFC 7662). It authenticates by HTTP Basic or by `client_id` and `client_secret`.',
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    required: ['token'],
    properties: { token: text, token_type_hint: text, ...clientFields },
  },
  response: {
    200: {
      description: 'The state of the token; of one that is not active, nothing but `active`',
      type: 'object',
      required: ['active'],
      properties: {
        active: { type: 'boolean' },
        scope: text,
        client_id: text,
        username: text,
        token_type: text,
        exp: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
        iat: { type: 'integer', description: 'Seconds since 1970-01-01T00:00:00Z' },
        sub: text,
        aud: text,
        iss: text,
        jti: text,
        sid: text,
        roles: { type: 'array', items: text },
      },
    },
    400: tokenError('The request is malformed, or the client may not introspect'),
    401: tokenError('The client could not be authenticated'),
    429: tokenError('Too many wrong client secrets; see Retry-After'),
    503: tokenError('Not known now; see Retry-After'),
  },
}
