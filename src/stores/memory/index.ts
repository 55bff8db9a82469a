// The public surface of `portcullis/stores/memory`.

export { memory } from './memory.ts'
