import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Auth } from '../core/auth.ts'
import type { EndpointOptions } from '../http/endpoints/mount.ts'
import { type AnswerStyle, answerError } from '../http/error-answers.ts'
import { send } from './answer.ts'
import { createOAuthAnswers } from './oauth-answers.ts'

/**
 * Answers a request to an OAuth endpoint, or returns false for any other path, of which it has read
 * nothing.
 *
 * Failed logins are slowed down by the address: that of the connection, or the one that your proxy
 * reports. If it is undefined for all requests, all clients count as one source and wait together.
 * Rejects only when the server made a mistake, which the caller logs and answers with 500.
 */
export type NodeOAuthHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  address: string | undefined,
) => Promise<boolean>

/**
 * `oauthEndpoints` for the requests of `node:http`, and of what is built on it, such as Express. Put it
 * before every parser of bodies, because it reads the body itself. Takes and throws the same.
 */
export function nodeOAuthEndpoints(auth: Auth, options: EndpointOptions = {}): NodeOAuthHandler {
  const answerOAuth = createOAuthAnswers(auth, options)
  return async (request, response, address) => {
    const { method = '', url = '', headersDistinct } = request
    const [pathname = '', ...query] = url.split('?')
    const answer = await answerOAuth({
      method,
      pathname,
      query: query.join('?'),
      // Repeated ones together are no good value of any header that is read.
      header: (name) => headersDistinct[name]?.join(', '),
      guarded: request,
      // Destroyed, it would take the answer with it.
      body: request.iterator({ destroyOnReturn: false }),
      address,
    })
    if (answer === null) return false
    // What was refused unread would be read to its end before the next request.
    if (!request.complete) response.shouldKeepAlive = false
    send(answer, response)
    return true
  }
}

/**
 * Answers an error of this library as `application/problem+json`, and returns true: what a guard throws, or
 * `auth.users.create` in a route without a guard. False for every other error, which it leaves to you.
 *
 * With `compatibility` pass the `Auth`, or `guard.documentation`: see `AnswerStyle`.
 */
export function sendRefusal(
  error: unknown,
  response: ServerResponse,
  style: AnswerStyle = {},
): boolean {
  const answer = answerError(error, style)
  if (answer !== null) send(answer, response)
  return answer !== null
}
