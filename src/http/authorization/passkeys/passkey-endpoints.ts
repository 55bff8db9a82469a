import type { PasskeyLogins } from '../../../core/factors/passkeys/passkey-logins.ts'
import { challengeAnswer } from '../../endpoints/passkey-answers.ts'
import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import type { Flow } from '../flow.ts'
import { flowHeaders, refuseMethod } from '../flow-answers.ts'
import { readQuery } from '../query-parameters.ts'
import { passkeyFile } from './passkey-file.ts'

/** Answers with the script of pages with passkeys. Browsers keep the version that a page has named. */
export async function answerPasskeyScript(
  flow: Flow,
  request: EndpointRequest,
): Promise<EndpointAnswer> {
  const { method, query } = request
  if (method !== 'GET' && method !== 'HEAD') return refuseMethod(flow, request, 'GET, HEAD')
  const { text, version } = passkeyFile()
  const isNamed = readQuery(query)?.values.get('v') === version
  return {
    status: 200,
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': isNamed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
    body: method === 'HEAD' ? null : text,
  }
}

/** Answers a login page whose challenge is about to expire with the next one. */
export async function answerPasskeyChallenge(
  flow: Flow,
  request: EndpointRequest,
  passkeys: PasskeyLogins,
): Promise<EndpointAnswer> {
  if (request.method !== 'POST') return refuseMethod(flow, request, 'POST')
  return {
    status: 200,
    headers: {
      ...flowHeaders,
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    },
    body: challengeAnswer(passkeys.challenge()),
  }
}
