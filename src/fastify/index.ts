// The public surface of `portcullis/fastify`.

export type { EndpointOptions, OAuthPaths } from '../http/endpoints/mount.ts'
export { type AnswerStyle, answerError, type ErrorAnswer } from '../http/error-answers.ts'
export type { PageOptions, SiteAccent, SiteLogo } from '../http/pages/page-options.ts'
export { type DocsOptions, securityScheme } from './docs.ts'
export { type DocumentedRoute, documentGuards, schemeName } from './guard-documentation.ts'
export { guarded } from './guarded.ts'
export { type IssuerScheme, issuerSchemes } from './issuer-schemes.ts'
export { type PortcullisOptions, portcullis } from './portcullis.ts'
export { handleRefusal, sendProblem } from './refusal-handler.ts'
export { type Handler, type SecuredHandler, secured } from './secured.ts'
