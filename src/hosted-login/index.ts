// The public surface of `portcullis/hosted-login`: login by browser. Nothing else of the package loads its pages and
// endpoints.

export type { HostedLogin } from '../core/authorization/hosted-login.ts'
export type {
  OwnLoginPage,
  OwnLoginView,
  OwnPage,
  OwnPasskeyView,
} from '../http/authorization/flow.ts'
export type { CompleteOptions, LoginRequest, PageAnswer } from './complete-login.ts'
export {
  type BackchannelOptions,
  type HostedLoginOptions,
  type HostedLoginPages,
  hostedLogin,
} from './hosted-login.ts'
export { type HostedPages, hostedPages } from './hosted-pages.ts'
export type { HostedPasskeys, PasskeyLogin, PasskeyOrigin } from './hosted-passkeys.ts'
