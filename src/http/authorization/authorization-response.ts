import { formPostPage } from '../../pages/form-post-page.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { RequestMistake } from './authorization-error.ts'
import type { ResponseTarget } from './authorization-request.ts'
import type { Flow } from './flow.ts'
import { redirectTo, showPage } from './flow-answers.ts'
import { encodePairs } from './query-parameters.ts'

/**
 * The answer to a client (RFC 6749 §4.1.2): with `state` as it came, and with the issuer, so that a client of
 * several knows whose answer it is (RFC 9207).
 *
 * @param target Its redirect URI was judged.
 */
export function answerClient(
  flow: Flow,
  request: EndpointRequest,
  target: ResponseTarget,
  response: { readonly code: string } | RequestMistake,
): EndpointAnswer {
  const { client, redirectUri, mode, state } = target
  const fields = {
    ...('code' in response
      ? { code: response.code }
      : { error: response.error, error_description: response.description }),
    ...(state !== null && { state }),
    iss: flow.auth.issuer,
  }
  if (mode === 'query') return redirectTo(addToQuery(redirectUri, Object.entries(fields)))
  const texts = flow.textsFor(request)
  const { site } = flow
  const page = formPostPage({ site, texts, client, action: redirectUri, hidden: fields })
  return showPage(200, page, texts)
}

/** A URI with more in its query: what is there stays as it is. */
export function addToQuery(uri: string, pairs: readonly (readonly [string, string])[]): string {
  const more = encodePairs(pairs)
  if (more === '') return uri
  const joint = uri.includes('?') ? (/[?&]$/.test(uri) ? '' : '&') : '?'
  return uri + joint + more
}
