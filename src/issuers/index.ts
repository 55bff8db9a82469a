// The public surface of `portcullis/issuers`: nothing here loads a database or a password hash.

export { ConfigError, UnavailableError } from '../core/errors.ts'
export type {
  IssuerStatus,
  LinkFunction,
  PermissionMapping,
  RoleMapping,
  TrustedIssuer,
} from '../core/issuers/external-issuer.ts'
export type { Issuers } from '../core/issuers/issuers.ts'
export {
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
} from '../core/issuers/resource-server.ts'
export type { ExternalIdentity, UserMode } from '../core/tokens/external-subject.ts'
export type { Profile, ProfileReading } from './access-token-profile.ts'
export { type Auth0Options, auth0 } from './auth0.ts'
export type { Claims } from './claims.ts'
export { type CognitoOptions, cognito } from './cognito.ts'
export { defineIssuer, type IssuerOptions, type IssuerPlace } from './define-issuer.ts'
export { type EntraOptions, entra } from './entra.ts'
export { type KeycloakOptions, keycloak } from './keycloak.ts'
export { type Rfc9068Options, rfc9068 } from './rfc9068.ts'
