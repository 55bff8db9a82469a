// What doctor says of keys of before, of the secrets of second factors, and of the clock for their codes.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { generate } from 'selfsigned'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import {
  checkSecondFactors,
  clockOfIssuer,
  judgeFactorClock,
} from '../../../src/cli/doctor/second-factors.ts'
import { createSealedSecrets } from '../../../src/core/factors/sealed-secrets.ts'
import { internals } from '../../../src/core/internals.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { aFactor, now } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { assertAbsent } from '../../canaries.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'
import { createDirectory, createInstallation, run } from '../process.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

type Environment = Readonly<Record<string, string>>
const [oldKey, newKey] = [1, 2].map(() => new Uint8Array(randomBytes(32))) as [
  Uint8Array,
  Uint8Array,
]
const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex')

async function examine(directory: string, environment: Environment) {
  const given = { FACTORS: 'optional', ...environment }
  const { stdout, stderr } = await run(directory, ['doctor', '--json'], { environment: given })
  assert.equal(stderr, '')
  assertAbsent(stdout, { oldKey: hex(oldKey), newKey: hex(newKey) })
  const { findings }: { findings: readonly Finding[] } = JSON.parse(stdout)
  return (name: string): string =>
    findings
      .filter((each) => each.name === name)
      .map(({ status, finding, advice }) => `${status}: ${finding} ${advice ?? ''}`)
      .join('\n')
}

/** Puts a user with an authenticator app there, under the old key. */
async function fill(store: ReturnType<typeof sqlite>): Promise<void> {
  const auth = await createTestAuth({ store, keyEncryptionKey: oldKey, factors: {} })
  await auth.users.create({ username: 'alice', password: goodPassword })
  const user = await auth[internals].store.users.findByUsername('alice')
  assert.ok(user)
  const factor = aFactor(user, { confirmedAt: now })
  const sealedSecret = createSealedSecrets(oldKey, []).seal(randomBytes(20), factor)
  assert.equal(await store.factors?.begin({ ...factor, sealedSecret }), true)
  await auth.close()
}

async function tellsWhatHangs(directory: string, common: Environment): Promise<void> {
  const at = (more: Environment) => examine(directory, { ...common, ...more })
  const both = { KEY_ENCRYPTION_KEY: hex(newKey), KEY_ENCRYPTION_KEY_PREVIOUS: hex(oldKey) }
  const fine = /^ok: The configured keys open the secret of every authenticator app: 1\./

  const before = await at({ KEY_ENCRYPTION_KEY: hex(oldKey) })
  assert.equal(before('previous-keys'), '')
  assert.match(before('second-factors'), fine)
  const prepared = await at({
    ...{ KEY_ENCRYPTION_KEY: hex(oldKey), KEY_ENCRYPTION_KEY_PREVIOUS: hex(newKey) },
  })
  assert.match(prepared('previous-keys'), /^ok: No row .* It is not known until when/)
  const changed = await at(both)
  assert.match(changed('key-encryption-key'), /^ok: KEY_ENCRYPTION_KEY opens every signing key/)
  assert.match(
    changed('previous-keys'),
    /^warning: .*: signing keys 1, second factors 1, one-time tokens 0\. Run `portcullis key reseal`/,
  )
  assert.match(changed('second-factors'), fine)
  const lost = await at({ KEY_ENCRYPTION_KEY: hex(newKey) })
  assert.match(lost('key-encryption-key'), /^problem: .*KEY_ENCRYPTION_KEY_PREVIOUS/)
  assert.match(lost('second-factors'), /^problem: .* no configured key opens: 1 of 1\./)

  const environment = { ...common, ...both }
  assert.equal((await run(directory, ['key', 'reseal'], { environment })).code, 0)
  const sealed = await at(both)
  assert.match(sealed('previous-keys'), /^ok: No row .*, but tokens may need one until 20\d\d-/)
  const dropped = await at({ KEY_ENCRYPTION_KEY: hex(newKey) })
  assert.equal(dropped('previous-keys'), '')
  assert.match(dropped('second-factors'), fine)
}

test('doctor says what hangs on a previous key, and what no key opens, on SQLite (KM-16)', async () => {
  const directory = createInstallation()
  await fill(sqlite(join(directory, 'data/portcullis.db')))
  await tellsWhatHangs(directory, {})
  const off = await examine(directory, { FACTORS: 'off', KEY_ENCRYPTION_KEY: hex(newKey) })
  assert.equal(off('second-factors'), '')
})

test('the same on PostgreSQL, whose clock is compared too (KM-16)', { skip }, async () => {
  const directory = createDirectory()
  const url = (await server?.createDatabase('previous_keys')) ?? ''
  await fill(postgres(url) as never)
  await tellsWhatHangs(directory, { DATABASE_URL: url })
  const of = await examine(directory, { DATABASE_URL: url, KEY_ENCRYPTION_KEY: hex(newKey) })
  assert.match(of('second-factors'), /ok: The clock is near enough to that of the database/)
})

test('a key that is not needed any more is told to be removed (KM-16)', async () => {
  const directory = createInstallation()
  const store = sqlite(join(directory, 'data/portcullis.db'))
  const keys = { keyEncryptionKey: newKey, previousKeyEncryptionKeys: [oldKey] }
  // A year before.
  const clock = (): number => Math.floor(Date.now() / 1000) - 365 * 86400
  const auth = await createTestAuth({ store, ...keys, clock })
  await auth[internals].resealing?.run({ actor: 'cli:test' })
  await auth.close()
  const environment = { KEY_ENCRYPTION_KEY: hex(newKey), KEY_ENCRYPTION_KEY_PREVIOUS: hex(oldKey) }
  const of = await examine(directory, environment)
  assert.match(of('previous-keys'), /^ok: .* no token has needed one since 20.* Remove SECRET_KEY/)
})

test('a clock that is off by more than 15 seconds is a warning, and says why (AC-65)', async () => {
  for (const [offset, status] of [
    ...([[0, 'ok'] as const, [-15, 'ok'] as const, [15, 'ok'] as const] as const),
    ...([[16, 'warning'] as const, [-16, 'warning'] as const] as const),
  ] as const) {
    const found = judgeFactorClock({ whose: 'the database', offset })
    assert.equal(found.status, status, `${offset}`)
    if (status === 'warning') assert.match(found.finding, /16 seconds .* more than 30 seconds/)
  }
  const config = readConfig({ FACTORS: 'optional' })
  const subject = { config, inspection: null, databaseFailure: null, now }
  const [alone, ...others] = await checkSecondFactors({
    ...{ ...subject, targetTime: undefined, sendTo: undefined },
  })
  assert.deepEqual([alone?.status, others.length], ['ok', 0])
  assert.match(alone?.finding ?? '', /no other clock/)
})

test('the clock of what serves ISSUER is compared by https, and by nothing else (AC-65)', async () => {
  assert.deepEqual(await clockOfIssuer('http://localhost:9'), [])
  assert.deepEqual(await clockOfIssuer('https://127.0.0.1:9'), [])
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  const proxy = createServer({ key, cert }, (_request, response) => {
    const date = new Date(Date.now() + 40_000).toUTCString()
    response.writeHead(404, { date }).end()
  }).listen(0, 'localhost')
  await once(proxy, 'listening')
  after(() => proxy.close())
  const directory = createInstallation()
  writeFileSync(join(directory, 'ca.pem'), cert)
  const of = await examine(directory, {
    ISSUER: `https://localhost:${(proxy.address() as AddressInfo).port}`,
    NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
    KEY_ENCRYPTION_KEY: hex(newKey),
  })
  assert.match(of('second-factors'), /warning: .* what serves https.* (39|40) seconds ahead of/)
})
