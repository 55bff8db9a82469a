import type { GuardedRequest } from './bearer.ts'
import type { EndpointAnswer } from './token-messages.ts'

/** What an endpoint reads of a request of any kind. */
export interface EndpointRequest {
  readonly method: string
  /** What stands behind the first `?` of the URL, as it was sent; empty without one. */
  readonly query: string
  /** As guards read it. */
  readonly guarded: GuardedRequest
  /** By its name in small letters. */
  readonly header: (name: string) => string | undefined
  /** Reads the body; null if it has more bytes than the limit. */
  readonly readBody: (limit: number) => Promise<Uint8Array | null>
  readonly address: string | undefined
  /** What stands in the URL for the parts of the path that begin with a colon. Default none. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The id of the request in the log. */
  readonly requestId?: string | undefined
}

/** An endpoint at its path. */
export interface MountedEndpoint {
  /** A part that begins with a colon stands for any text: `/me/factors/:id`. */
  readonly path: string
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[]
  /** True if other methods at the path are the application’s. Default false: each is answered with 405. */
  readonly sharesPath?: boolean | undefined
  /** The longest body, in bytes. */
  readonly bodyLimit: number
  /** The operation in the OpenAPI document, if it has one. */
  readonly documentation: object | undefined
  /** How it says that a request is refused before it is asked. */
  readonly refusals: Refusals
  /**
   * Refuses a request of its method before the body is read; null lets it pass. Undefined: every request
   * passes. For a framework that reads the body before it calls `answer`, which asks too.
   */
  readonly admit?: ((request: GuardedRequest) => Promise<EndpointAnswer | null>) | undefined
  /**
   * Answers a preflight of CORS (Fetch §4.8); null for an origin that may not read the answers. Undefined:
   * OPTIONS is left to the application.
   */
  readonly preflight?:
    | ((request: Pick<EndpointRequest, 'header'>) => Promise<EndpointAnswer | null>)
    | undefined
  /** Answers whatever method is asked with. Rejects only for a mistake of ours. */
  readonly answer: (request: EndpointRequest) => Promise<EndpointAnswer>
}

/** How an endpoint puts refusals into words. */
export interface Refusals {
  /** The answer of a status, with a sentence that has no full stop. */
  refuse(status: number, why: string): EndpointAnswer
  /** The answer to an error of this library. Throws any other. */
  answer(error: unknown): EndpointAnswer
}
