import type { Auth } from '../../core/auth.ts'
import { ThrottledError, UnavailableError } from '../../core/errors.ts'
import type { GuardedRequest } from '../bearer.ts'
import { type AnswerStyle, answerError } from '../error-answers.ts'
import { type Guard, recheck } from '../guards/guard.ts'
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
  /** As guards read it. */
  readonly guarded: GuardedRequest
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
  readonly create: (auth: Auth) => JsonHandlers
}

/** What answers the requests to an endpoint. Each rejects with the error to be answered. */
export interface JsonHandlers {
  /** Asks the guard, before the body is read. Undefined: everybody may ask. */
  readonly admit: ((request: GuardedRequest) => Promise<unknown>) | undefined
  readonly answer: (request: JsonRequest) => Promise<EndpointAnswer>
}

/** What such an endpoint is made of. */
export interface JsonEndpointParts<M extends Members, V> extends JsonOperation {
  readonly path: string
  /** Default: it is always there. */
  readonly isOn?: (auth: Auth) => boolean
  readonly members: M
  /** Makes the guard of an application. Default: everybody may ask. */
  readonly guard?: (auth: Auth) => Guard<V>
  /** The body of its success; null for none. `value` is that of the guard. */
  readonly answer: (
    auth: Auth,
    values: ValuesOf<M>,
    origin: JsonOrigin,
    value: V,
  ) => Promise<object | null>
}

/** Longest body, in bytes. */
const jsonMaxBytes = 16 * 1024

/** Nothing between here and the client may keep an answer. */
const headers: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** Makes a JSON endpoint of its parts. */
export function jsonEndpoint<const M extends Members, V = undefined>(
  parts: JsonEndpointParts<M, V>,
): JsonEndpoint {
  const { path, isOn = () => true, members, guard: guardOf, answer, ...operation } = parts
  const isGuarded = guardOf !== undefined
  return {
    ...{ method: 'POST', path, bodyLimit: jsonMaxBytes, isOn },
    document: ({ compatibility }) =>
      documentJson(operation, members, { isGuarded, likeFastApi: compatibility !== null }),
    create(auth) {
      const guard = guardOf?.(auth)
      return {
        admit: guard,
        async answer({ body, guarded, ...origin }) {
          // The body may have taken long: who was admitted before it is asked again.
          await recheck(guarded)
          // Without a guard the type of its value is undefined.
          const value = (await guard?.(guarded)) as V
          const { status } = operation.success
          const answered = await answer(auth, readMembers(body, members), origin, value)
          return { status, headers, body: answered }
        },
      }
    },
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
