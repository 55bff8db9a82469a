import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// Two folders up from `src/cli` and from `dist/shared` is the package; npm leaves what begins with a dot there.
const directory = fileURLToPath(new URL('../../node_modules/.cache/portcullis', import.meta.url))

/**
 * Keeps compiled code in the directory of this package for the next start. Not in the system's directory of
 * temporary files: who can write there could give us code. Where the package cannot be written, nothing is kept.
 *
 * `NODE_COMPILE_CACHE` names another directory, `NODE_DISABLE_COMPILE_CACHE=1` keeps nothing.
 */
export function keepCompiledCode(): void {
  enableCompileCache(directory)
}

/**
 * Keeps what V8 has for new objects small until `growMemory`: a start makes much that it drops at once, and what
 * was taken from the system for it would never be given back.
 */
export function saveMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** Lets the memory for new objects grow with the load. */
export function growMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
