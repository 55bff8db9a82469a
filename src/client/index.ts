// The browser and Node client: the public surface of `portcullis/client`. It has no dependency.

export type { AccountRequests, NewAccount } from './account-requests.ts'
export { AuthClientError, type AuthClientErrorCode } from './client-error.ts'
export {
  type AuthClient,
  type ClientEvent,
  type ClientOptions,
  createClient,
  type LoginOptions,
} from './create-client.ts'
export { memoryStorage, type TokenStorage, type Tokens, webStorage } from './token-storage.ts'
