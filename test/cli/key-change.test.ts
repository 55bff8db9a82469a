// How an operator changes the key-encryption key: two servers on one database, restarted one after the other.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hotp, stepAt } from '../../src/core/factors/totp.ts'
import { goodPassword } from '../fixtures.ts'
import { decodeBase32 } from '../server/factors/device.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { createDirectory, createInstallation, run, type Serving, serve } from './process.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

type Environment = Readonly<Record<string, string>>
type Fields = Readonly<Record<string, string>>

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

async function send(url: string, path: string, body: object, token = ''): Promise<Response> {
  return await fetch(url + path, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  })
}

const post = (url: string, fields: Fields): Promise<Response> =>
  fetch(`${url}/auth/token`, { method: 'POST', body: new URLSearchParams(fields) })

async function tokensOf(answer: Response): Promise<Tokens> {
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return JSON.parse(text)
}

const logIn = async (url: string, username: string): Promise<Tokens> =>
  await tokensOf(await post(url, { username, password: goodPassword }))
const refresh = async (url: string, { refresh_token }: Tokens): Promise<Tokens> =>
  await tokensOf(await post(url, { grant_type: 'refresh_token', refresh_token }))

async function statusOfMe(url: string, { access_token }: Tokens): Promise<number> {
  const headers = { authorization: `Bearer ${access_token}` }
  return (await fetch(`${url}/me`, { headers })).status
}

/** Two servers, and somebody who uses both. */
interface Pair {
  /** Restarts one with these settings, and checks that every token passes at both. */
  restart(which: 0 | 1, environment: Environment): Promise<void>
  /** Restarts one after the other. */
  restartBoth(environment: Environment): Promise<void>
  /** The code of the app of alice, never the same twice. */
  logInWithCode(): Promise<void>
  stop(): Promise<void>
}

async function startPair(directory: string, common: Environment, own: Environment): Promise<Pair> {
  const start = (environment: Environment): Promise<Serving> =>
    serve(directory, { ...common, ...environment, FACTORS: 'optional' })
  for (const name of ['alice', 'bob']) {
    const environment = { ...common, ...own }
    const added = await run(directory, ['user', 'add', name], { input: goodPassword, environment })
    assert.equal(added.code, 0, added.stderr)
  }
  const pair: [Serving, Serving] = [await start(own), await start(own)]
  const urls = (): readonly [string, string] => [pair[0].url, pair[1].url]
  const { access_token: token } = await logIn(pair[0].url, 'alice')
  const begun = await (await send(pair[0].url, '/me/factors/totp', { name: 'app' }, token)).json()
  let step = 0
  const code = (): string => {
    step = Math.max(step + 1, stepAt(Date.now() / 1000) - 1)
    return hotp(decodeBase32(begun.secret), step)
  }
  const path = `/me/factors/totp/${begun.id}/confirm`
  assert.equal((await send(pair[1].url, path, { otp: code() }, token)).status, 200)
  let lasting = [await logIn(pair[0].url, 'bob'), await logIn(pair[1].url, 'bob')] as const

  async function restart(which: 0 | 1, environment: Environment): Promise<void> {
    assert.equal(await pair[which].stop(), 0)
    pair[which] = await start(environment)
    const [one, other] = urls()
    // What the other one has made, and the one before.
    const fresh = [await logIn(one, 'bob'), await logIn(other, 'bob')]
    for (const url of urls()) {
      for (const each of [...fresh, ...lasting]) assert.equal(await statusOfMe(url, each), 200)
    }
    lasting = [await refresh(other, lasting[0]), await refresh(one, lasting[1])]
    lasting = [await refresh(one, lasting[0]), await refresh(other, lasting[1])]
  }

  return {
    restart,
    async restartBoth(environment) {
      for (const which of [0, 1] as const) await restart(which, environment)
    },
    async logInWithCode() {
      const fields = { username: 'alice', password: goodPassword, otp: code() }
      await tokensOf(await post(pair[1].url, fields))
    },
    async stop() {
      for (const each of pair) assert.equal(await each.stop(), 0)
    },
  }
}

test('the key file is replaced while two servers on SQLite are restarted one by one (KM-12, KM-15)', async () => {
  const directory = createInstallation()
  const keyFile = join(directory, 'data/portcullis.db.key')
  const command = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(directory, ['key', ...words])
    assert.equal(code, 0, stderr)
    return stdout
  }
  const pair = await startPair(directory, {}, {})
  const first = readFileSync(keyFile, 'utf8')
  assert.match(await command('replace-file', '--prepare'), /^The next key is in .*\.next\. Restart/)
  assert.equal(readFileSync(keyFile, 'utf8'), first)
  await pair.restartBoth({})
  assert.match(
    await command('replace-file'),
    /has a new key, .* Then run: portcullis key reseal\n$/,
  )
  assert.notEqual(readFileSync(keyFile, 'utf8'), first)
  assert.equal(readFileSync(`${keyFile}.previous`, 'utf8'), first)
  await pair.restartBoth({})
  const said = await command('reseal')
  assert.match(said, /^Sealed again: signing keys \d, second factors \d, one-time tokens 0\./)
  const again = JSON.parse(await command('reseal', '--json'))
  const { neededUntil, ...rest } = again
  assert.deepEqual(rest, { signingKeys: 0, factors: 0, oneTimeTokens: 0, unreadable: 0 })
  assert.ok(neededUntil > Date.now() / 1000 + 13 * 86400)
  rmSync(`${keyFile}.previous`)
  await pair.restartBoth({})
  await pair.logInWithCode()
  await pair.stop()
  assert.equal(existsSync(`${keyFile}.next`), false)
})

test('the key is changed in the environment of two servers on PostgreSQL (KM-12)', {
  skip,
}, async () => {
  const directory = createDirectory()
  const common = { DATABASE_URL: (await server?.createDatabase('key_change')) ?? '' }
  const [old, next] = [1, 2].map(() => randomBytes(32).toString('base64')) as [string, string]
  const migrated = await run(directory, ['migrate'], { environment: common })
  assert.equal(migrated.code, 0, migrated.stderr)
  const pair = await startPair(directory, common, { KEY_ENCRYPTION_KEY: old })
  await pair.restartBoth({ KEY_ENCRYPTION_KEY: old, KEY_ENCRYPTION_KEY_PREVIOUS: next })
  const changed = { KEY_ENCRYPTION_KEY: next, KEY_ENCRYPTION_KEY_PREVIOUS: old }
  await pair.restartBoth(changed)
  const environment = { ...common, ...changed }
  const resealed = await run(directory, ['key', 'reseal'], { environment })
  assert.equal(resealed.code, 0, resealed.stderr)
  await pair.restartBoth({ KEY_ENCRYPTION_KEY: next })
  await pair.logInWithCode()
  await pair.stop()
})

test('a key that is not there to be replaced or resealed is told in a sentence', async () => {
  const directory = createInstallation()
  const key = randomBytes(32).toString('hex')
  const fails = async (words: readonly string[], environment: Environment): Promise<string> => {
    const { code, stderr } = await run(directory, ['key', ...words], { environment })
    assert.equal(code, 78, stderr)
    return stderr
  }
  assert.match(await fails(['replace-file'], {}), /no key file .*portcullis\.db\.key yet: start/)
  assert.match(
    await fails(['replace-file'], { KEY_ENCRYPTION_KEY: key }),
    /There is no key file to/,
  )
  assert.match(
    await fails(['replace-file'], { SECRET_KEY: key }),
    /There is no key file to replace/,
  )
  assert.match(
    await fails(['reseal'], {}),
    /There is no previous key .* KEY_ENCRYPTION_KEY_PREVIOUS/,
  )
  const twice = { KEY_ENCRYPTION_KEY: key, KEY_ENCRYPTION_KEY_PREVIOUS: key }
  assert.match(await fails(['list'], twice), /must all differ/)
  const broken = { KEY_ENCRYPTION_KEY: key, KEY_ENCRYPTION_KEY_PREVIOUS: 'short' }
  assert.match(await fails(['list'], broken), /KEY_ENCRYPTION_KEY_PREVIOUS must be 32 bytes/)
  assert.equal((await run(directory, ['key', 'list'])).code, 0)
  const wrong = { KEY_ENCRYPTION_KEY: key, KEY_ENCRYPTION_KEY_PREVIOUS: 'a'.repeat(64) }
  assert.match(await fails(['list'], wrong), /sealed under another key-encryption key, none of/)
})
