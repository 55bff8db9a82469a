import { readFileSync } from 'node:fs'

interface Manifest {
  readonly version: string
}

// The same file lies two folders up from `src` and from `dist`.
const manifest = new URL('../../package.json', import.meta.url)
const own: Manifest = JSON.parse(readFileSync(manifest, 'utf8'))

/** The version of this package. */
export const version: string = own.version
