// The public surface of `portcullis/stores/sqlite`.

export { StoreError, type StoreErrorCode } from '../store-error.ts'
export { type SqliteOptions, sqlite } from './sqlite.ts'
