import type { Auth } from '../../core/auth.ts'
import type { ClientCredentials } from '../../core/clients/clients.ts'
import { readClientCredentials } from '../client-authentication.ts'
import { type AnswerStyle, answerOAuthError } from '../error-answers.ts'
import { formMaxBytes, formMediaTypes, readForm } from '../form.ts'
import type { MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import {
  type EndpointAnswer,
  refuseRequest,
  type TokenAnswer,
  type TokenRequest,
  tokenHeaders,
} from '../token-messages.ts'

/** Answers the forms of an OAuth endpoint (RFC 6749 §3.2). Never rejects for a bad request. */
export type TokenEndpoint = (request: TokenRequest) => Promise<TokenAnswer>

/** The URLs of the endpoints that the metadata name. */
export type EndpointUrls = Readonly<
  Record<'token' | 'revocation' | 'introspection' | 'jwks', string>
>

/** An OAuth endpoint that takes a form, as data. */
export interface FormEndpoint {
  readonly method: 'POST'
  /** Below the prefix, where no option says another. */
  readonly path: string
  /** The longest body, in bytes. */
  readonly bodyLimit: number
  readonly contentTypes: readonly string[]
  /** The operation in the OpenAPI document. */
  readonly document: (auth: Auth) => object
  readonly create: (auth: Auth) => TokenEndpoint
}

/** A document that OAuth clients and verifiers of tokens read, as data. */
export interface DocumentEndpoint {
  readonly method: 'GET'
  readonly path: string
  readonly create: (auth: Auth, urls: EndpointUrls) => () => Promise<EndpointAnswer>
}

/** What every form endpoint takes. */
export const formBody: Pick<FormEndpoint, 'bodyLimit' | 'contentTypes'> = {
  bodyLimit: formMaxBytes,
  contentTypes: formMediaTypes,
}

/** A request to a form endpoint that was read, and whose client is not authenticated yet. */
export interface EndpointForm {
  readonly parameters: ReadonlyMap<string, string>
  readonly credentials: ClientCredentials | null
  readonly request: TokenRequest
}

/** Makes a form endpoint of what answers one form: it reads that, and answers what is thrown. */
export function createFormEndpoint(
  answer: (form: EndpointForm) => Promise<NonNullable<TokenAnswer['body']>>,
  errorStyle: AnswerStyle = {},
): TokenEndpoint {
  return async (request) => {
    try {
      const parameters = await readForm(request.contentType, request.body)
      const credentials = readClientCredentials(request.authorization, parameters, request)
      const body = await answer({ parameters, credentials, request })
      return { status: 200, headers: tokenHeaders, body }
    } catch (error) {
      return answerOAuthError(error, errorStyle)
    }
  }
}

/** RFC 6749 §5.2. */
export const oauthRefusals: Refusals = {
  refuse: refuseRequest,
  answer: (error) => answerOAuthError(error),
}

/** The answer to a method that an endpoint does not have. */
export function refuseMethod({ refuse }: Refusals, use: string, allow: string): EndpointAnswer {
  const refused = refuse(405, `Use ${use}`)
  return { ...refused, headers: { ...refused.headers, allow } }
}

/** Answers GET with what is read, and every other method with 405. */
export function answerDocument(read: () => Promise<EndpointAnswer>): MountedEndpoint['answer'] {
  return async ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') {
      return refuseMethod(oauthRefusals, 'GET', 'GET, HEAD')
    }
    try {
      return await read()
    } catch (error) {
      return answerOAuthError(error)
    }
  }
}
