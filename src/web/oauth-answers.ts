import type { Auth } from '../core/auth.ts'
import { ConfigError } from '../core/errors.ts'
import { readOptions } from '../core/options.ts'
import { matchPath } from '../http/endpoints/match-path.ts'
import {
  type EndpointOptions,
  endpointShapes,
  mountEndpoints,
  pathProblems,
} from '../http/endpoints/mount.ts'
import type { EndpointRequest, MountedEndpoint } from '../http/mounted-endpoint.ts'
import type { EndpointAnswer } from '../http/token-messages.ts'

/** What is read of a request, of whatever kind. */
export interface OAuthRequest extends Omit<EndpointRequest, 'readBody'> {
  readonly pathname: string
  readonly body: AsyncIterable<Uint8Array> | null
}

/**
 * Answers a request to an OAuth endpoint, or returns null for any other path. Of OPTIONS, which CORS is for,
 * it answers what an endpoint allows itself, and leaves the rest to the application.
 */
export type OAuthAnswers = (request: OAuthRequest) => Promise<EndpointAnswer | null>

const owner = { name: 'oauthEndpoints', example: "{ prefix: '/api' }" }

/** @throws {ConfigError} for an option that is not known, or a path that cannot be one. */
export function createOAuthAnswers(auth: Auth, options: EndpointOptions): OAuthAnswers {
  const { options: paths, problems } = readOptions(options, endpointShapes, owner)
  problems.push(...pathProblems(paths))
  if (problems.length > 0) throw new ConfigError(problems)
  const mounted = Map.groupBy(mountEndpoints(auth, paths), (each) => each.path)
  const patterns = [...mounted.keys()].filter((each) => each.includes('/:'))

  return async ({ pathname, body, ...request }) => {
    const asked = pathname.replace(/(?<=.)\/$/, '')
    const exact = mounted.get(asked)
    const matched = exact === undefined ? matchPath(patterns, asked) : null
    const atPath = exact ?? mounted.get(matched?.path ?? '') ?? []
    if (request.method === 'OPTIONS') {
      const { preflight } = atPath.find((each) => each.preflight) ?? {}
      return (await preflight?.(request)) ?? null
    }
    const endpoint = atPath.find((each) => !each.sharesPath || takes(each, request.method))
    if (endpoint === undefined) return null
    const parameters = matched?.parameters
    return await endpoint.answer({
      ...request,
      parameters,
      readBody: (limit) => readBody(body, limit),
    })
  }
}

/** True if an endpoint answers the method; HEAD as GET. */
function takes({ methods }: MountedEndpoint, method: string): boolean {
  return methods.some((each) => each === method || (each === 'GET' && method === 'HEAD'))
}

/** The bytes of a body, or null if it has more than the limit: then the rest is not read. */
async function readBody(
  body: AsyncIterable<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels a web stream.
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
