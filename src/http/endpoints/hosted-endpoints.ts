import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import { internals } from '../../core/internals.ts'
import type { MountedEndpoint } from '../mounted-endpoint.ts'
import type { PageOptions } from '../pages/page-options.ts'
import type { EndpointUrls } from './endpoint.ts'
import type { EndpointName } from './endpoints.ts'

/** The path of the authorization endpoint, below the prefix. */
export const authorizationPath = '/auth/authorize'

/** Where the endpoints of a login by browser are, and how its pages look. */
export interface HostedPlace {
  /** Before their paths here. */
  readonly base: string
  /** Before their paths in URLs. */
  readonly root: string
  /** The other endpoints, for the metadata. */
  readonly urls: EndpointUrls
  /** The same, as they are without a login by browser. */
  readonly oauth: Readonly<Record<EndpointName, readonly MountedEndpoint[]>>
  readonly pages: PageOptions | false
  /** Where users find what is theirs; null for nowhere. */
  readonly mePath: string | null
}

/**
 * What the option `hostedLogin` brings along as `endpoints`. One that has the path of another endpoint takes
 * its place.
 */
export type HostedEndpoints = (
  auth: Auth,
  authorization: Authorization,
  place: HostedPlace,
) => readonly MountedEndpoint[]

/** The endpoints of a login by browser, if it is switched on. */
export function mountHostedLogin(auth: Auth, place: HostedPlace): readonly MountedEndpoint[] {
  const { hosted } = auth[internals]
  if (hosted === null) return []
  return (hosted.endpoints as HostedEndpoints)(auth, hosted.authorization, place)
}
