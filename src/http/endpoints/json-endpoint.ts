import type { Auth } from '../../core/auth.ts'
import { ThrottledError, UnavailableError } from '../../core/errors.ts'
import type { GuardedRequest } from '../bearer.ts'
import { type AnswerStyle, answerError } from '../error-answers.ts'
import { type Guard, recheck } from '../guards/guard.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { documentJson, type JsonOperation, type JsonSuccess } from './json-documentation.ts'
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
  /** Null if the endpoint reads none. */
  readonly body: Uint8Array | null
  /** What stands in the path for `:id`. */
  readonly parameter?: string | undefined
  /** As guards read it. */
  readonly guarded: GuardedRequest
}

/** The method of a JSON endpoint. */
export type JsonMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An endpoint that takes a JSON object, or nothing, as data. It exists only where `isOn` says so. */
export interface JsonEndpoint {
  readonly method: JsonMethod
  /** Below the prefix. */
  readonly path: string
  /** The longest body, in bytes; 0 if none is read. */
  readonly bodyLimit: number
  /** True if other methods at the path are the application's. */
  readonly sharesPath: boolean
  /** Whether the application has switched it on. */
  readonly isOn: (auth: Auth) => boolean
  /** As of `AnswerStyle`. */
  readonly tellsCode: boolean
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
export interface JsonEndpointParts<M extends Members, V>
  extends Omit<JsonOperation, 'success' | 'refusals'> {
  /** Default `POST`. */
  readonly method?: JsonMethod
  readonly path: string
  /** Default false. */
  readonly sharesPath?: boolean
  /** Default: it is always there. */
  readonly isOn?: (auth: Auth) => boolean
  /** The name of the body. Default: none is read. */
  readonly body?: string
  /** The members of the body. Default none. */
  readonly members?: M | ((auth: Auth) => M)
  /** Makes the guard of an application. Default: everybody may ask. */
  readonly guard?: (auth: Auth) => Guard<V>
  readonly success: JsonSuccess | ((auth: Auth) => JsonSuccess)
  /** As of `JsonOperation`. */
  readonly refusals?: JsonOperation['refusals'] | ((auth: Auth) => JsonOperation['refusals'])
  /** True if programs need the `code` of a refusal, so that it is there like FastAPI too. Default false. */
  readonly tellsCode?: boolean
  /** The body of its success; null for none. `value` is that of the guard, `id` what stands in the path for it. */
  readonly answer: (
    auth: Auth,
    values: ValuesOf<M>,
    origin: JsonOrigin,
    value: V,
    id: string,
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
  const { method = 'POST', path, sharesPath = false, isOn = () => true, ...rest } = parts
  const { body: name, members = {} as M, guard: guardOf, success, answer, ...more } = rest
  const { refusals, tellsCode = false, ...texts } = more
  const successOf = typeof success === 'function' ? success : () => success
  const membersOf = typeof members === 'function' ? members : () => members
  const refusalsOf = typeof refusals === 'function' ? refusals : () => refusals
  return {
    ...{ method, path, sharesPath, isOn, tellsCode },
    bodyLimit: name === undefined ? 0 : jsonMaxBytes,
    document: (auth) =>
      documentJson(
        { ...texts, success: successOf(auth), refusals: refusalsOf(auth) ?? {} },
        {
          tellsCode,
          body: name === undefined ? null : { name, members: membersOf(auth) },
          guard: guardOf?.(auth).documentation,
          parameter: path.includes('/:id'),
          onlyMethod: sharesPath ? null : method,
          likeFastApi: auth.compatibility !== null,
        },
      ),
    create(auth) {
      const guard = guardOf?.(auth)
      const known = membersOf(auth)
      const { status } = successOf(auth)
      return {
        admit: guard,
        async answer({ body, guarded, parameter = '', ...origin }) {
          // A body may have taken long, read or not: who was admitted before it is asked again.
          await recheck(guarded)
          // Without a guard the type of its value is undefined.
          const value = (await guard?.(guarded)) as V
          const values = body === null ? ({} as ValuesOf<M>) : readMembers(body, known)
          return { status, headers, body: await answer(auth, values, origin, value, parameter) }
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
