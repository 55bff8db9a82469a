import { answerOAuthError } from '../error-answers.ts'
import type { MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import { type EndpointAnswer, refuseRequest } from '../token-messages.ts'

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
