import { readFileSync } from 'node:fs'

const packageFile = new URL('../../package.json', import.meta.url)

/**
 * The version of this package: the same file lies two folders up from `src/server` and from
 * `dist/server`.
 */
export const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version
