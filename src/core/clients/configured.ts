import { ConfigError } from '../errors.ts'
import { secretProblems } from '../keys/signing-key.ts'
import { browserClientMembers } from './browser-client.ts'
import type { ClientRecord } from './client-store.ts'
import { clientProblems, isClientId, type NewClient, toClientRecord } from './registration.ts'

/** A client that is registered by configuration. */
export interface ConfiguredClient extends NewClient {
  /** Makes the client confidential. Random, at least 32 bytes. Default: none, a public client. */
  readonly secret?: string
}

const members: readonly string[] = [
  ...['id', 'name', 'secret', 'grants', 'scopes', 'introspect'],
  ...browserClientMembers,
]

/**
 * Returns the records of the clients of a configuration, which may come from anywhere.
 *
 * @throws {ConfigError} with every problem of every client; none repeats a secret.
 */
export function readConfiguredClients(clients: unknown = []): readonly ClientRecord[] {
  if (!Array.isArray(clients)) throw new ConfigError(['The clients must be a list.'])
  const problems = clients.flatMap(problemsOf)
  const ids = clients.map((client: Partial<ConfiguredClient> | null) => client?.id)
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) {
    if (typeof id === 'string') problems.push(`The client ${JSON.stringify(id)} is there twice.`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return (clients as ConfiguredClient[]).map((client) =>
    toClientRecord(client, client.secret ?? null, 0),
  )
}

function problemsOf(client: unknown, index: number): readonly string[] {
  if (typeof client !== 'object' || client === null) {
    return [`Client ${index + 1} of the list must be an object such as {"id":"app"}.`]
  }
  const { id, secret } = client as { id: unknown; secret?: unknown }
  const problems = [...clientProblems(client as NewClient, secret !== undefined)]
  const title =
    typeof id === 'string' && isClientId(id)
      ? `client ${JSON.stringify(id)}`
      : `client ${index + 1} of the list`
  // A mistyped "scopes" would be a client that may be delegated everything.
  if (!Object.keys(client).every((member) => members.includes(member))) {
    problems.push(`The ${title} must have no members but: ${members.join(', ')}.`)
  }
  if (secret === undefined) return problems
  if (typeof secret !== 'string' || /\p{Cc}/u.test(secret)) {
    return [...problems, `The secret of the ${title} must be a text without control characters.`]
  }
  return [...problems, ...secretProblems(secret).map((why) => `The secret of the ${title} ${why}.`)]
}
