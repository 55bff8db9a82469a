import { Command, Option } from 'commander'
import type { Permissions } from '../core/access/permissions.ts'
import { browserClientMembers, toBrowserClientRecord } from '../core/clients/browser-client.ts'
import type { ClientChanges } from '../core/clients/changes.ts'
import type { Client, Clients } from '../core/clients/clients.ts'
import { defaultGrants, grantNames } from '../core/clients/grants.ts'
import type { NewClient } from '../core/clients/registration.ts'
import { ClientError } from '../core/errors.ts'
import {
  addBrowserChanges,
  addBrowserOptions,
  browserChangesOf,
  browserClientOf,
} from './client-options.ts'
import { CommandFailure } from './exit-code.ts'
import { tableOf } from './terminal/table.ts'
import { withAuth } from './with-auth.ts'

type AddOptions = Parameters<typeof browserClientOf>[0] & {
  readonly name?: string
  readonly public?: boolean
  /** False for `--no-grant`. */
  readonly grant?: readonly string[] | false
  readonly scope?: readonly string[]
  readonly introspect: boolean
}

/** `portcullis client …`: registers OAuth clients in the database. */
export function clientCommand(): Command {
  const client = new Command('client').description('register OAuth clients')

  addBrowserOptions(client.command('add'))
    .argument('<id>')
    .option('--name <name>', 'what people call it')
    .option('--public', 'it can keep no secret, such as an app on a device')
    .addOption(
      new Option(
        '--grant <grant...>',
        `grants that it may use; ${defaultGrants.join(' and ')} by default`,
      ).choices(grantNames),
    )
    .option('--no-grant', 'no grants: an API that only introspects')
    .option(
      '--scope <scope...>',
      'permissions that it may be delegated, by default all; or has for itself, by default none',
    )
    .option('--no-introspect', 'a confidential client may not introspect tokens')
    .description('register a client; prints the secret of a confidential one, once')
    .action(addClient)

  client
    .command('list')
    .option('--json', 'for programs')
    .description('list the registered clients')
    .action(({ json }: { json?: boolean }) =>
      withAuth(async ({ clients }) => {
        const list = await clients.list()
        if (json) console.log(JSON.stringify(list.map(describe), undefined, 2))
        else console.log(tableOf([heading, ...list.map(rowOf)]))
      }),
    )

  client
    .command('show')
    .argument('<id>')
    .description('show a client')
    .action((id: string) =>
      withAuth(async ({ clients }) => {
        const found = await clients.find(id)
        if (found === null) throw new ClientError('client_unknown', ['There is no such client.'])
        console.log(JSON.stringify(describe(found), undefined, 2))
      }),
    )

  addBrowserChanges(client.command('update'))
    .argument('<id>')
    .option('--name <name>', 'what people call it')
    .addOption(
      new Option('--grant <grant...>', 'all grants that it may use from now on').choices(
        grantNames,
      ),
    )
    .option('--no-grant', 'no grants from now on')
    .option('--scope <scope...>', 'all permissions that it may have from now on')
    .addOption(
      new Option(
        '--default-scopes',
        'no list of permissions any more: all to be delegated, none for itself',
      ).conflicts('scope'),
    )
    .option('--introspect', 'it may introspect tokens')
    .option('--no-introspect', 'it may not')
    .description('change what a client may do; if it may do less, every login with it is revoked')
    .action(updateClient)

  client
    .command('secret')
    .argument('<id>')
    .description('replace the secret of a confidential client, and print it, once')
    .action((id: string) =>
      withAuth(async ({ clients }, by) => {
        printSecret(
          await clients.replaceSecret(id, by),
          `The old secret of ${id} is refused from now on.`,
        )
      }),
    )

  client
    .command('remove')
    .argument('<id>')
    .description('remove a client, which revokes every login with it')
    .action((id: string) =>
      withAuth(async ({ clients }, by) => {
        const ended = await clients.remove(id, by)
        console.log(`Removed ${id} and ended ${logins(ended)}.`)
      }),
    )

  return client
}

async function addClient(id: string, options: AddOptions): Promise<void> {
  const { name, grant, scope, introspect } = options
  const described: NewClient = {
    id,
    ...(name !== undefined && { name }),
    ...(grant !== undefined && { grants: grant || [] }),
    ...(scope !== undefined && { scopes: scope }),
    ...(!introspect && { introspect }),
    ...browserClientOf(options),
  }
  await withAuth(async ({ clients, permissions }, by) => {
    const isFirst = (await clients.list()).length === 0
    const secret = options.public
      ? await clients.register({ ...described, confidential: false }, by)
      : await clients.register({ ...described, confidential: true }, by)
    noteUnknown(scope, permissions)
    await noteUnusedUris(id, clients)
    if (isFirst) {
      console.error('Note: a client that a request names must be registered from now on.')
    }
    if (secret === null) console.log(`Registered the public client ${id}.`)
    else printSecret(secret, `Registered ${id}.`)
  })
}

type UpdateOptions = Omit<AddOptions, 'public' | 'introspect'> & {
  readonly defaultScopes?: true
  readonly introspect?: boolean
}

async function updateClient(id: string, options: UpdateOptions): Promise<void> {
  const { name, grant, scope, defaultScopes, introspect } = options
  const changes: ClientChanges = {
    ...(name !== undefined && { name }),
    ...(grant !== undefined && { grants: grant || [] }),
    ...(scope !== undefined && { scopes: scope }),
    ...(defaultScopes && { scopes: null }),
    ...(introspect !== undefined && { introspect }),
    ...browserChangesOf(options),
  }
  if (Object.keys(changes).length === 0) {
    throw new CommandFailure('usage', 'Say what is to be changed: see client update --help.')
  }
  await withAuth(async ({ clients, permissions }, by) => {
    const ended = await clients.update(id, changes, by)
    noteUnknown(scope, permissions)
    await noteUnusedUris(id, clients)
    console.log(`Changed ${id}${ended === 0 ? '' : ` and ended ${logins(ended)}`}.`)
  })
}

function noteUnknown(scopes: readonly string[] = [], permissions: Permissions): void {
  for (const each of scopes) {
    if (!permissions.has(each)) console.error(`Note: no role and no route here knows ${each}.`)
  }
}

/** A client with grants of its own keeps them, and is not given the one that its redirect URIs are for. */
async function noteUnusedUris(id: string, clients: Clients): Promise<void> {
  const client = await clients.find(id)
  if (!client?.redirectUris.length || client.grants.includes('authorization_code')) return
  console.error(`Note: ${id} has redirect URIs and not the grant authorization_code: see --grant.`)
}

function logins(count: number): string {
  return `${count} ${count === 1 ? 'login' : 'logins'}`
}

/** The secret is all that standard output holds, so that it can be piped to where it is kept. */
function printSecret(secret: string, words: string): void {
  console.error(`${words} Its secret, which is not shown again:`)
  console.log(secret)
}

/** A client in the words that `CLIENTS` has for one. Of logins by browser it has what is not the default. */
function describe(client: Client): object {
  const { id, name, confidential, grants, scopes, introspect, configured, createdAt } = client
  const defaults = toBrowserClientRecord({})
  const browser = browserClientMembers
    .filter((member) => String(client[member]) !== String(defaults[member]))
    .map((member) => [member, client[member]])
  return {
    id,
    name,
    confidential,
    grants,
    ...(scopes !== null && { scopes }),
    introspect,
    ...Object.fromEntries(browser),
    configured,
    ...(!configured && { created_at: createdAt }),
  }
}

const heading = ['CLIENT', 'KIND', 'GRANTS', 'SCOPES', 'REDIRECT URIS', 'KEPT']

function rowOf(client: Client): readonly string[] {
  const { id, confidential, firstParty, grants, scopes, redirectUris, configured } = client
  const kind = confidential ? 'confidential' : 'public'
  return [
    id,
    firstParty ? `${kind}, first-party` : kind,
    grants.join(' ') || 'no grants',
    scopes === null ? 'all scopes' : scopes.join(' ') || 'no scopes',
    redirectUris.join(' ') || 'none',
    configured ? 'in the configuration' : 'in the database',
  ]
}
