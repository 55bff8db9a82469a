import { availableParallelism } from 'node:os'
import { createRoles, defaultRoles, type RoleMap, type Roles } from '../../core/access/roles.ts'
import { ConfigError } from '../../core/errors.ts'
import { metadataPath } from '../../http/endpoints/metadata.ts'

// Settings whose text has a form of its own. What is wrong is added to the problems.

const maxWorkers = 256

export function parseWorkers(text: string | undefined, problems: string[]): number {
  if (text === undefined) return 1
  if (text === 'auto') return availableParallelism()
  const workers = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (workers >= 1 && workers <= maxWorkers) return workers
  problems.push(`WORKERS must be a whole number from 1 to ${maxWorkers}, or auto: one per core.`)
  return 1
}

export function parseKey(text: string | undefined, problems: string[]): Uint8Array | undefined {
  if (text === undefined) return undefined
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : Buffer.from(/^[\w+/-]{43}=?$/.test(text) ? text : '', 'base64')
  if (key.length === 32) return key
  problems.push(
    'KEY_ENCRYPTION_KEY must be 32 bytes in base64 or hex; make one with: openssl rand -base64 32.',
  )
  return undefined
}

export function parseRoles(text: string | undefined, problems: string[]): RoleMap {
  if (text === undefined) return defaultRoles
  try {
    const roles: unknown = JSON.parse(text)
    if (typeof roles !== 'object' || roles === null || Array.isArray(roles)) throw new SyntaxError()
    // Checked by createRoles, which refuses whatever is not a map of lists of texts.
    const map = roles as RoleMap
    if (createRoles(map).administrative.length === 0) {
      problems.push('ROLES: one role must grant "*": nobody could administer users otherwise.')
    }
    return map
  } catch (error) {
    if (error instanceof ConfigError) {
      problems.push(...error.problems.map((problem) => `ROLES: ${problem}`))
    } else {
      problems.push('ROLES must be a JSON object such as {"admin":["*"],"member":[]}.')
    }
    return defaultRoles
  }
}

/** Undefined: what is wrong with them was said when they were read. */
export function usableRoles(map: RoleMap): Roles | undefined {
  try {
    return createRoles(map)
  } catch {
    return undefined
  }
}

export function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash, username, password } = new URL(text)
  const hasMore = [search, hash, username, password].some((part) => part !== '')
  return (protocol === 'http:' || protocol === 'https:') && !hasMore && metadataPath(text) !== null
}
