import type { Auth } from '../../core/auth.ts'
import type { GuardedRequest } from '../bearer.ts'
import type { EndpointRequest, MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import { Refusal } from '../refusal.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { answerJsonError, type JsonEndpoint, type JsonHandlers } from './json-endpoint.ts'
import { refuseLarge, refuseMethod } from './refused-requests.ts'

/** Mounts a JSON endpoint below a base path. */
export function mountJson(endpoint: JsonEndpoint, auth: Auth, base: string): MountedEndpoint {
  const { method, path, bodyLimit, sharesPath, tellsCode } = endpoint
  const refusals = problems(auth, tellsCode)
  return {
    ...{ methods: [method], bodyLimit, refusals, sharesPath, path: base + path },
    documentation: endpoint.document(auth),
    ...answersOf(endpoint, auth, refusals),
  }
}

/** RFC 9457. */
function problems({ compatibility }: Auth, tellsCode: boolean): Refusals {
  const style = { compatibility, tellsCode }
  const answer = (error: unknown): EndpointAnswer => answerJsonError(error, style)
  return { answer, refuse: (status, why) => answer(new Refusal(status, `${why}.`)) }
}

/** RFC 8259 §11. A parameter such as `charset` has no meaning there. */
const jsonType = /^application\/json[ \t]*(?:;.*)?$/i

function answersOf(
  endpoint: JsonEndpoint,
  auth: Auth,
  refusals: Refusals,
): Pick<MountedEndpoint, 'admit' | 'answer'> {
  const { method, bodyLimit } = endpoint
  const takes = (asked: string): boolean =>
    asked === method || (method === 'GET' && asked === 'HEAD')
  const handlers = endpoint.create(auth)
  const { admit } = handlers
  const admitOrRefuse =
    admit &&
    (async (request: GuardedRequest): Promise<EndpointAnswer | null> => {
      try {
        await admit(request)
        return null
      } catch (error) {
        return refusals.answer(error)
      }
    })
  const answer = answerJson(handlers, bodyLimit, refusals)
  return {
    admit: admitOrRefuse,
    async answer(request) {
      if (!takes(request.method)) return refuseMethod(refusals, method, method)
      return (await admitOrRefuse?.(request.guarded)) ?? (await answer(request))
    },
  }
}

function answerJson(
  { answer }: JsonHandlers,
  bodyLimit: number,
  refusals: Refusals,
): MountedEndpoint['answer'] {
  return async ({ header, guarded, readBody, address, requestId, parameters }) => {
    const body = bodyLimit === 0 ? null : await readJson({ header, readBody }, bodyLimit, refusals)
    if (body !== null && 'status' in body) return body
    const userAgent = header('user-agent')
    const locale = header('accept-language') ?? null
    try {
      return await answer({
        ...{ body, guarded, address, userAgent, requestId, locale },
        parameter: parameters?.id,
      })
    } catch (error) {
      return refusals.answer(error)
    }
  }
}

/** The bytes of a JSON body, or the refusal of what is none. */
async function readJson(
  { header, readBody }: Pick<EndpointRequest, 'header' | 'readBody'>,
  bodyLimit: number,
  refusals: Refusals,
): Promise<Uint8Array | EndpointAnswer> {
  const body = await readBody(bodyLimit)
  if (body === null) return refuseLarge(refusals, bodyLimit)
  // No form is read: a page of another origin can send one without asking first.
  if (!jsonType.test(header('content-type') ?? '')) {
    return refusals.refuse(415, 'Send the body as JSON: Content-Type: application/json')
  }
  if ((header('content-encoding') ?? 'identity') !== 'identity') {
    return refusals.refuse(415, 'Send the body without a content encoding')
  }
  return body
}
