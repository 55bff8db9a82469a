import type { Auth } from '../../core/auth.ts'
import { ThrottledError, UnavailableError } from '../../core/errors.ts'
import type { GuardedRequest } from '../bearer.ts'
import { answerError } from '../error-answers.ts'
import { schemeName, unauthenticated } from '../guards/documentation.ts'
import { type Guard, recheck } from '../guards/guard.ts'
import { Refusal } from '../refusal.ts'
import { documentRefusal } from '../refusal-documentation.ts'
import { type EndpointAnswer, tokenHeaders } from '../token-messages.ts'
import { type JsonFields, type JsonMembers, jsonMaxBytes, readJson } from './json-body.ts'

/** A request to such an endpoint, before its body is read. */
export interface JsonRequest {
  /** As guards read it. */
  readonly guarded: GuardedRequest
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly address?: string | undefined
  /** The id of the request in the log. */
  readonly requestId?: string | undefined
}

/** A JSON endpoint of one application. Never rejects for a bad request. */
export interface JsonAnswers {
  /** Asks the guard, before the body is read. Returns the refusal, or null. */
  readonly admit: (request: GuardedRequest) => Promise<EndpointAnswer | null>
  /** Answers a request with its body; null for one that is too long. */
  readonly answer: (request: JsonRequest, body: Uint8Array | null) => Promise<EndpointAnswer>
  /** The answer to an error; 500 for a mistake of the server, which the caller logs. */
  readonly refuse: (error: unknown) => EndpointAnswer
}

/** An endpoint that takes a JSON object, as data. */
export interface JsonEndpoint {
  readonly method: 'POST'
  /** Below the prefix. */
  readonly path: string
  /** The longest body, in bytes. */
  readonly bodyLimit: number
  /** The operation in the OpenAPI document. */
  readonly document: (auth: Auth) => object
  readonly createJson: (auth: Auth) => JsonAnswers
}

/** Who asks, as `guard` says, and what is asked. */
export interface JsonCall<Value, Members extends JsonMembers> {
  readonly value: Value
  readonly fields: JsonFields<Members>
  readonly request: JsonRequest
}

/** How an endpoint is documented. */
export interface JsonOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The name of the body in the document. */
  readonly title: string
  /** What 200 means here. */
  readonly success: string
  /** The body of that answer, as a JSON Schema. */
  readonly answer: object
  /** What refusals mean here, by status; those that every endpoint has are added. */
  readonly refusals: Readonly<Record<number, string>>
}

/** What makes a JSON endpoint. */
export interface JsonEndpointOptions<Value, Members extends JsonMembers> {
  readonly path: string
  readonly operation: JsonOperation
  readonly members: Members
  /** Makes the guard of an application. Default: everybody may ask. */
  readonly guard?: (auth: Auth) => Guard<Value>
  /** Returns the body of the answer. */
  readonly answer: (auth: Auth, call: JsonCall<Value, Members>) => Promise<object>
}

/** Makes a JSON endpoint: it asks the guard, reads the body, and answers what is thrown as a problem. */
export function createJsonEndpoint<const Members extends JsonMembers, Value = undefined>({
  path,
  operation,
  members,
  guard: guardOf,
  answer,
}: JsonEndpointOptions<Value, Members>): JsonEndpoint {
  return {
    method: 'POST',
    path,
    bodyLimit: jsonMaxBytes,
    document: () => documentJson(operation, members, guardOf !== undefined),
    createJson(auth) {
      const guard = guardOf?.(auth)
      const answerKnown = (error: unknown): EndpointAnswer | null => {
        const answered = answerError(error, auth)
        return answered && { ...answered, headers: { ...tokenHeaders, ...answered.headers } }
      }
      function refuseOrThrow(error: unknown): EndpointAnswer {
        const refused = answerKnown(error)
        if (refused === null) throw error
        const isLater = error instanceof ThrottledError || error instanceof UnavailableError
        return isLater ? { ...refused, refusal: error } : refused
      }
      return {
        refuse: (error) => answerKnown(error) ?? refuseOrThrow(new Refusal(500, mistake)),
        async admit(request) {
          try {
            await guard?.(request)
            return null
          } catch (error) {
            return refuseOrThrow(error)
          }
        },
        async answer(request, body) {
          try {
            requireReadable(request, body)
            // The body may have taken long: whoever was admitted before it is asked again.
            await recheck(request.guarded)
            // Without a guard the type of its value is undefined.
            const value = (await guard?.(request.guarded)) as Value
            const fields = readJson(request.contentType, body, members)
            const answered = await answer(auth, { value, fields, request })
            return { status: 200, headers: tokenHeaders, body: answered }
          } catch (error) {
            return refuseOrThrow(error)
          }
        },
      }
    },
  }
}

const mistake = 'The server made a mistake; it is logged'

function requireReadable(
  { contentEncoding = 'identity' }: JsonRequest,
  body: Uint8Array | null,
): asserts body is Uint8Array {
  if (body === null) throw new Refusal(413, `The body must have at most ${jsonMaxBytes} bytes`)
  if (contentEncoding !== 'identity') {
    throw new Refusal(415, 'Send the body without a content encoding')
  }
}

function documentJson(
  { title, success, answer, refusals, ...texts }: JsonOperation,
  members: JsonMembers,
  isGuarded: boolean,
): object {
  const names = Object.keys(members)
  const descriptions: Readonly<Record<number, string>> = {
    400: 'The request does not fit',
    ...(isGuarded && { 401: unauthenticated(undefined), 403: 'Requires an active user' }),
    405: 'Another method than POST; see Allow',
    413: 'The body is too large',
    415: 'The body is not JSON, or is compressed',
    503: 'Not known now; see Retry-After',
    ...refusals,
  }
  return {
    tags: ['auth'],
    security: isGuarded ? [{ [schemeName]: [] }] : [],
    ...texts,
    consumes: ['application/json'],
    body: {
      title,
      type: 'object',
      required: names.filter((name) => !members[name]?.optional),
      properties: Object.fromEntries(
        Object.entries(members).map(([name, { optional: _, ...schema }]) => [name, schema]),
      ),
      additionalProperties: false,
    },
    response: {
      200: { description: success, content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries(descriptions).map(([status, each]) => [
          status,
          documentRefusal(Number(status), each),
        ]),
      ),
    },
  }
}
