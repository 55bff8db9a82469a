// Who may do what: each is an option of `createAuth` of the same name.

import { createRoles, defaultRoles, type RoleMap } from '../../core/access/roles.ts'
import { type ConfiguredClient, readConfiguredClients } from '../../core/clients/configured.ts'
import { ConfigError } from '../../core/errors.ts'
import { flag, type Setting, setting, text } from './setting.ts'

export const roles: Setting<RoleMap> = setting(
  'ROLES',
  {
    fallback: defaultRoles,
    default: JSON.stringify(defaultRoles),
    description: 'Roles and the permissions that each grants, as JSON; `*` grants all.',
  },
  (given, problems) => {
    try {
      const map: unknown = JSON.parse(given)
      if (typeof map !== 'object' || map === null || Array.isArray(map)) throw new SyntaxError()
      // createRoles refuses whatever is not a map of lists of texts.
      if (createRoles(map as RoleMap).administrative.length > 0) return map as RoleMap
      problems.push('ROLES: one role must grant "*": nobody could administer users otherwise.')
    } catch (error) {
      if (error instanceof ConfigError) {
        problems.push(...error.problems.map((problem) => `ROLES: ${problem}`))
      } else {
        problems.push('ROLES must be a JSON object such as {"admin":["*"],"member":[]}.')
      }
    }
    return undefined
  },
)

/** Undefined: as `createAuth` chooses. */
export const defaultRole: Setting<string | undefined> = text('DEFAULT_ROLE', {
  fallback: undefined,
  default: 'member',
  description: 'Role of a user created without one.',
})

export const clients: Setting<readonly ConfiguredClient[]> = setting(
  'CLIENTS',
  {
    fallback: [] as readonly ConfiguredClient[],
    default: 'only those in the database',
    description:
      'Registered OAuth clients, as a JSON list: `[{"id","name"?,"secret"?,"grants"?,"scopes"?,"introspect"?,"redirectUris"?, …}]`; see [Clients](clients.md).',
    secret: true,
  },
  (given, problems) => {
    try {
      const list: unknown = JSON.parse(given)
      // Throws for whatever is not a list of clients.
      readConfiguredClients(list)
      return list as readonly ConfiguredClient[]
    } catch (error) {
      if (error instanceof ConfigError) {
        problems.push(...error.problems.map((problem) => `CLIENTS: ${problem}`))
      } else {
        // The parser's own words would repeat the text, and with it a secret.
        problems.push('CLIENTS must be a JSON list such as [{"id":"app","scopes":["a:read"]}].')
      }
      return undefined
    }
  },
)

export const apiKeys: Setting<boolean> = flag('API_KEYS', {
  fallback: false,
  description:
    'Users may make API keys, for programs that act for them. See [API keys](api-keys.md).',
})
