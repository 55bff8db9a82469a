// The browser and Node client: the public surface of `portcullis/client`. It has no dependency.

export type { AccountRequests, NewAccount } from './account-requests.ts'
export type { AuthClient, ClientEvent } from './auth-client.ts'
export { AuthClientError, type AuthClientErrorCode } from './client-error.ts'
export type { ClientOptions, LoginOptions } from './client-options.ts'
export { createClient } from './create-client.ts'
export type {
  AskForFactor,
  PasskeyChallenge,
  PasskeyRequestOptions,
  SecondFactorRequest,
  ShownFactor,
  ShownPasskey,
} from './second-factor.ts'
export type { StepUpRequest } from './step-up.ts'
export type { StepUpCredentials } from './token-requests.ts'
export { memoryStorage, type TokenStorage, type Tokens, webStorage } from './token-storage.ts'
