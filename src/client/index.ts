// The browser and Node client: the public surface of `portcullis/client`. It has no dependency.

export { ClientError, type ClientErrorCode } from './client-error.ts'
export {
  type Client,
  type ClientEvent,
  type ClientOptions,
  createClient,
  type LoginOptions,
} from './create-client.ts'
export { memoryStorage, type TokenStorage, type Tokens, webStorage } from './token-storage.ts'
