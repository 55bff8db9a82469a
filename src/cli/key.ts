import { Command } from 'commander'
import { KeyError } from '../core/errors.ts'
import type { Actor } from '../core/events/events.ts'
import type { ManagedKey, ManagedKeys } from '../core/keys/rotation.ts'
import { instant, tableOf } from './terminal/table.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis key …`: works on the database itself; a server that runs on it follows at once. */
export function keyCommand(): Command {
  const key = new Command('key').description('list, rotate and retire signing keys')

  key
    .command('list')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list the signing keys')
    .action(({ json }: { json?: true }) =>
      withKeys(async (keys) => {
        const listed = await keys.list()
        console.log(json ? JSON.stringify(listed, null, 2) : tableOfKeys(listed))
      }),
    )

  key
    .command('rotate')
    .option('--now', 'sign with it at once; verifiers elsewhere may have to fetch the keys again')
    .description('publish the next signing key; nobody is logged out')
    .action(({ now = false }: { now?: boolean }) =>
      withKeys(async (keys, by) => {
        const { id, algorithm, signsFrom } = await keys.rotate({ atOnce: now, by })
        const when = now ? 'signs from now on' : `signs from ${instant(signsFrom)} on`
        console.log(`The key ${id} (${algorithm}) is published, and ${when}.`)
      }),
    )

  key
    .command('retire')
    .argument('<kid>')
    // One in 64 ids begins with a hyphen.
    .allowUnknownOption()
    .description('refuse a key and every access token that it signed, at once; sessions stay valid')
    .action((kid: string) =>
      withKeys(async (keys, by) => {
        const { id } = await keys.retire(kid, by)
        console.log(`The key ${kid} is deleted, and its access tokens are refused from now on.`)
        console.log(`The key ${id} signs.`)
      }),
    )

  return key
}

async function withKeys(work: (keys: ManagedKeys, by: Actor) => Promise<void>): Promise<void> {
  await withAuth(async ({ managedKeys }, by) => {
    if (managedKeys === null) {
      throw new KeyError(
        'keys_not_managed',
        'Tokens are signed with SECRET_KEY, not with keys of the database: to change it, move it to SECRET_KEY_PREVIOUS and set a new one.',
      )
    }
    await work(managedKeys, by)
  })
}

function tableOfKeys(keys: readonly ManagedKey[]): string {
  return tableOf([
    ['KEY', 'ALGORITHM', 'STATE', 'CREATED', 'SIGNS FROM', 'VERIFIES UNTIL'],
    ...keys.map((key) => [
      key.id,
      key.algorithm,
      key.state,
      instant(key.createdAt),
      instant(key.signsFrom),
      key.verifiesUntil === null ? '-' : instant(key.verifiesUntil),
    ]),
  ])
}
