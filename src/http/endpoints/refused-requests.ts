import type { Refusals } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'

/** The answer to a body that is longer than the limit. */
export function refuseLarge({ refuse }: Refusals, limit: number): EndpointAnswer {
  return refuse(413, `The body must have at most ${limit} bytes`)
}

/** The answer to a body that cannot be read. */
export function refuseUnreadable({ refuse }: Refusals, status: number): EndpointAnswer {
  return refuse(status, 'The request body could not be read')
}

/** The answer to a method that is none of the endpoint's. */
export function refuseMethod({ refuse }: Refusals, use: string, allow: string): EndpointAnswer {
  const refused = refuse(405, `Use ${use}`)
  return { ...refused, headers: { ...refused.headers, allow } }
}
