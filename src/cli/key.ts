import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { ConfigError, KeyError } from '../core/errors.ts'
import type { Actor } from '../core/events/events.ts'
import { internals } from '../core/internals.ts'
import type { ManagedKey, ManagedKeys } from '../core/keys/rotation.ts'
import type { Resealed } from '../core/resealing.ts'
import { keyFile } from '../server/inspect-database.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'
import { instant, tableOf } from './terminal/table.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis key …`: works on the database itself; a server that runs on it follows at once. */
export function keyCommand(): Command {
  const key = new Command('key').description(
    'list, rotate and retire signing keys; replace the key that they are sealed under',
  )

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

  key
    .command('reseal')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('seal what a previous key has sealed under the key of today')
    .action(({ json }: { json?: true }) => reseal(json === true))

  key
    .command('replace-file')
    .option('--prepare', 'only make the next key, which processes accept that start from now on')
    .description('make a new key-encryption key, and keep the one before beside it')
    .action(({ prepare = false }: { prepare?: boolean }) => replaceFile(prepare))

  return key
}

async function reseal(json: boolean): Promise<void> {
  await withAuth(async (auth, by) => {
    const { resealing } = auth[internals]
    if (resealing === null) {
      throw new ConfigError([
        'There is no previous key that anything could be sealed under: after a change, set SECRET_KEY_PREVIOUS or KEY_ENCRYPTION_KEY_PREVIOUS to the earlier key.',
      ])
    }
    const done = await resealing.run(by)
    console.log(json ? JSON.stringify(done, null, 2) : inSentences(done))
  })
}

function inSentences(done: Resealed): string {
  const { signingKeys, factors, oneTimeTokens, unreadable, neededUntil } = done
  return [
    `Sealed again: signing keys ${signingKeys}, second factors ${factors}, one-time tokens ${oneTimeTokens}. The database needs no previous key any more.`,
    ...(unreadable > 0
      ? [
          `Rows that no configured key opens: ${unreadable}. If their key is to be found, add it to the previous ones, and run this again.`,
        ]
      : []),
    `Tokens that were issued under a previous key have expired by ${instant(neededUntil)}, if every process has the new key by now. Remove the previous key then.`,
  ].join('\n')
}

async function replaceFile(prepareOnly: boolean): Promise<void> {
  const config = readConfig(readEnvironment())
  if (config.secretKey !== undefined || config.keyEncryptionKey !== undefined) {
    throw new ConfigError([
      'There is no key file to replace: SECRET_KEY or KEY_ENCRYPTION_KEY is used instead. Move the key to SECRET_KEY_PREVIOUS or KEY_ENCRYPTION_KEY_PREVIOUS, and set a new one.',
    ])
  }
  const path = keyFile(config)
  if (!existsSync(path)) {
    throw new ConfigError([`There is no key file ${path} yet: start the server, which makes it.`])
  }
  const { prepareKeyFile, replaceKeyFile } = await import('../stores/replace-key-file.ts')
  if (prepareOnly) {
    prepareKeyFile(path)
    console.log(
      `The next key is in ${path}.next. Restart every process, so that it accepts that key. Then run this again without --prepare.`,
    )
    return
  }
  replaceKeyFile(path)
  console.log(
    `${path} has a new key, and the one before is in ${path}.previous. Restart every process. Then run: portcullis key reseal`,
  )
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
