import type { Auth } from '../../core/auth.ts'
import { ThrottledError, UnavailableError } from '../../core/errors.ts'
import { type AnswerStyle, answerError } from '../error-answers.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { documentJson, type JsonOperation } from './json-documentation.ts'
import { type Members, readMembers, type ValuesOf } from './json-members.ts'

/** From where a request came, as `auth.accounts` takes it. */
export interface JsonOrigin {
  /** The IP address. */
  readonly address: string | undefined
  /** `User-Agent` */
  readonly userAgent: string | undefined
  /** The id of the request in the log. */
  readonly requestId: string | undefined
  /** `Accept-Language` */
  readonly locale: string | null
}

/** A body that is within the limit, and where it came from. */
export interface JsonRequest extends JsonOrigin {
  readonly body: Uint8Array
}

/** An endpoint that takes a JSON object, as data. It exists only where `isOn` says so. */
export interface JsonEndpoint {
  readonly method: 'POST'
  /** Below the prefix. */
  readonly path: string
  /** The longest body, in bytes. */
  readonly bodyLimit: number
  /** Whether the application has switched it on. */
  readonly isOn: (auth: Auth) => boolean
  /** The operation in the OpenAPI document. */
  readonly document: (auth: Auth) => object
  /** Rejects with the error to be answered. */
  readonly create: (auth: Auth) => (request: JsonRequest) => Promise<EndpointAnswer>
}

/** What such an endpoint is made of. */
export interface JsonEndpointParts<M extends Members> extends JsonOperation {
  readonly path: string
  readonly isOn: (auth: Auth) => boolean
  readonly members: M
  /** The body of its success; null for none. */
  readonly answer: (auth: Auth, values: ValuesOf<M>, origin: JsonOrigin) => Promise<object | null>
}

/** Longest body, in bytes. */
const jsonMaxBytes = 16 * 1024

/** Nothing between here and the client may keep an answer. */
const headers: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** Makes a JSON endpoint of its parts. */
export function jsonEndpoint<const M extends Members>(parts: JsonEndpointParts<M>): JsonEndpoint {
  const { path, isOn, members, answer, ...operation } = parts
  return {
    ...{ method: 'POST', path, bodyLimit: jsonMaxBytes, isOn },
    document: ({ compatibility }) => documentJson(operation, members, compatibility !== null),
    create:
      (auth) =>
      async ({ body, ...origin }) => ({
        status: operation.success.status,
        headers,
        body: await answer(auth, readMembers(body, members), origin),
      }),
  }
}

/**
 * The answer to an error of a JSON endpoint.
 *
 * @throws whatever is not an error of this library: a mistake of ours.
 */
export function answerJsonError(error: unknown, style: AnswerStyle): EndpointAnswer {
  const answered = answerError(error, style)
  if (answered === null) throw error
  const isLogged = error instanceof UnavailableError || error instanceof ThrottledError
  return {
    ...answered,
    headers: { ...headers, ...answered.headers },
    ...(isLogged && { refusal: error }),
  }
}
