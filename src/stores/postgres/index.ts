// The public surface of `portcullis/stores/postgres`.

export { StoreError, type StoreErrorCode } from '../store-error.ts'
export { type PostgresOptions, postgres } from './postgres.ts'
