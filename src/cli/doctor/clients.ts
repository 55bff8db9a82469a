import { openIdScopeNames } from '../../core/access/permissions.ts'
import type { ClientRecord } from '../../core/clients/client-store.ts'
import { readConfiguredClients } from '../../core/clients/configured.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning } = findingsOf('clients')

/** The registered clients fit to how people log in here. */
export function checkClients({
  config,
  inspection,
}: Pick<Subject, 'config' | 'inspection'>): readonly Finding[] {
  const clients = new Map<string, ClientRecord>()
  for (const client of inspection?.contents?.clients ?? []) clients.set(client.id, client)
  // As the server does: a configured client is there in the place of a stored one.
  for (const client of readConfiguredClients(config.clients)) clients.set(client.id, client)
  if (clients.size === 0) return []
  const all = [...clients.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  const found = (config.hostedLogin ? findingsWithPages : findingsWithoutPages)(all)
  if (found.length > 0) return found
  return [ok(`${all.length} ${all.length === 1 ? 'client is' : 'clients are'} registered.`)]
}

/** RFC 9700 §2.4: the client sees the password. */
function findingsWithPages(clients: readonly ClientRecord[]): readonly Finding[] {
  const found: Finding[] = []
  const seeing = clients.filter(
    ({ firstParty, grants }) => !firstParty && grants.includes('password'),
  )
  if (seeing.length > 0) {
    found.push(
      warning(
        `Clients that are not first-party may use the grant password, and so see the passwords of their users: ${namesOf(seeing)}.`,
        'Give each a redirect URI and the grant authorization_code in its place: `portcullis client update <id> --redirect-uri … --grant authorization_code refresh_token`. If it is your own, run `portcullis client update <id> --first-party`.',
      ),
    )
  }
  const clashing = clients.filter(({ scopes }) =>
    scopes?.some((scope) => openIdScopeNames.includes(scope)),
  )
  if (clashing.length > 0) {
    found.push(
      warning(
        `Clients have scopes of OpenID Connect in their lists, which limit permissions alone: ${namesOf(clashing)}.`,
        `Take these scopes out of the lists: ${openIdScopeNames.join(', ')}. Every client may ask for them.`,
      ),
    )
  }
  return found
}

function findingsWithoutPages(clients: readonly ClientRecord[]): readonly Finding[] {
  const waiting = clients.filter(({ grants }) => grants.includes('authorization_code'))
  if (waiting.length === 0) return []
  return [
    warning(
      `Clients are registered for logins by browser, which are switched off: ${namesOf(waiting)}.`,
      'Switch them on, or give these clients other grants with `portcullis client update <id> --grant …`.',
    ),
  ]
}

function namesOf(clients: readonly ClientRecord[]): string {
  return clients.map(({ id }) => id).join(', ')
}
