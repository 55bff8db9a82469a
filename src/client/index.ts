// The browser and Node client: the public surface of `portcullis/client`. It has no dependency.

export { AuthClientError, type AuthClientErrorCode } from './client-error.ts'
export type { ClientOptions, LoginOptions } from './client-options.ts'
export { type AuthClient, type ClientEvent, createClient } from './create-client.ts'
export type { StepUpRequest } from './step-up.ts'
export { memoryStorage, type TokenStorage, type Tokens, webStorage } from './token-storage.ts'
