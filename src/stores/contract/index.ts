// The public surface of `portcullis/stores/contract`: the tests that every store must pass. They need the
// test runner of Node.js, so they have an entry point of their own.

export { type OpenStores, storeContract } from './contract.ts'
