// How an operator changes the password pepper.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPepper } from '../../src/core/passwords/peppers.ts'
import { assertAbsent } from '../canaries.ts'
import { goodPassword } from '../fixtures.ts'
import { createInstallation, run, serve } from './process.ts'

const one = '6f2c1e8a94b7d3057ae9c64f18d2b0359e7a4c61'
const two = 'd84b0c73f51e29a6bc07d3e8925f41a60c8b7e3d'
const idOf = (pepper: string): string => createPepper(pepper).id

type Environment = Readonly<Record<string, string>>

async function addAlice(directory: string, environment: Environment): Promise<void> {
  const words = ['user', 'add', 'alice', '--role', 'admin']
  const added = await run(directory, words, { input: goodPassword, environment })
  assert.equal(added.code, 0, added.stderr)
}

/** Serves with these settings, and returns the status of a login. */
async function logIn(directory: string, environment: Environment): Promise<number> {
  const serving = await serve(directory, environment)
  const body = new URLSearchParams({ username: 'alice', password: goodPassword })
  const { status } = await fetch(`${serving.url}/auth/token`, { method: 'POST', body })
  assert.equal(await serving.stop(), 0)
  assertAbsent(serving.said(), { one, two })
  return status
}

/** Fails unless the command says that a pepper is missing, and exits with 78. */
async function assertRefused(
  directory: string,
  words: readonly string[],
  environment: Environment = {},
): Promise<void> {
  const { code, stdout, stderr } = await run(directory, words, { input: goodPassword, environment })
  assert.equal(code, 78, `${words.join(' ')}: ${stdout}${stderr}`)
  assert.ok(stderr.includes(`under the pepper ${idOf(one)}, which is not configured:`), stderr)
  assertAbsent(`${stdout}${stderr}`, { one, two })
}

test('without the key of a stored pepper no process starts and no command runs (PW-11)', async () => {
  const directory = createInstallation()
  await addAlice(directory, { PASSWORD_PEPPER: one })
  assert.equal(await logIn(directory, { PASSWORD_PEPPER: one }), 200)

  await assertRefused(directory, ['serve'])
  await assertRefused(directory, ['serve', '--workers', '2'])
  await assertRefused(directory, ['serve'], { PASSWORD_PEPPER: two })
  await assertRefused(directory, ['user', 'add', 'bob'])
  await assertRefused(directory, ['user', 'list'], { PASSWORD_PEPPER_PREVIOUS: two })

  const doctor = async (environment: Environment): Promise<readonly object[]> => {
    const { stdout } = await run(directory, ['doctor', '--json'], { environment })
    assertAbsent(stdout, { one, two })
    const findings = JSON.parse(stdout).findings as readonly { name: string; status: string }[]
    return findings.filter(({ name }) => name === 'peppers').map(({ status }) => ({ status }))
  }
  assert.deepEqual(await doctor({}), [{ status: 'problem' }])
  assert.deepEqual(await doctor({ PASSWORD_PEPPER: one }), [{ status: 'ok' }])
})

test('introduced, changed and given up, everybody goes on logging in (PW-11)', async () => {
  const directory = createInstallation()
  const file = join(directory, 'previous')
  writeFileSync(file, `${one}\n`, { mode: 0o600 })
  const rotated = { PASSWORD_PEPPER: two, PASSWORD_PEPPER_PREVIOUS_FILE: file }
  await addAlice(directory, {})
  assert.equal(await logIn(directory, { PASSWORD_PEPPER: one }), 200)
  await assertRefused(directory, ['user', 'list'])

  const told = async (): Promise<string> =>
    (await run(directory, ['doctor'], { environment: rotated })).stdout
  assert.ok((await told()).includes(`still under the previous pepper ${idOf(one)}`))
  assert.equal(await logIn(directory, rotated), 200)
  assert.ok((await told()).includes(`No password hash is under the previous pepper ${idOf(one)}`))
  assert.equal(await logIn(directory, { PASSWORD_PEPPER: two }), 200)
  assert.equal(await logIn(directory, { PASSWORD_PEPPER_PREVIOUS: two }), 200)
  assert.equal(await logIn(directory, {}), 200)
})

test('a backup and an export need the key where they are brought back (PW-11)', async () => {
  const directory = createInstallation()
  const environment = { PASSWORD_PEPPER: one }
  await addAlice(directory, environment)
  assert.equal((await run(directory, ['backup', 'copy.db'])).code, 0)
  await assertRefused(directory, ['restore', 'copy.db'])
  assert.equal((await run(directory, ['restore', 'copy.db'], { environment })).code, 0)

  const words = ['user', 'export', '--with-hashes', '--output', 'users.jsonl']
  assert.equal((await run(directory, words, { environment })).code, 0)
  const exported = readFileSync(join(directory, 'users.jsonl'), 'utf8')
  assert.ok(exported.includes(`,keyid=${idOf(one)}$`))
  assertAbsent(exported, { one })

  const file = join(directory, 'users.jsonl')
  const elsewhere = createInstallation()
  const refused = await run(elsewhere, ['user', 'import', file])
  assert.equal(refused.code, 65)
  assert.match(
    `${refused.stdout}${refused.stderr}`,
    /under the pepper .{8}, which is not configured/,
  )
  assert.equal((await run(elsewhere, ['user', 'import', file], { environment })).code, 0)
  assert.equal(await logIn(elsewhere, environment), 200)
})
