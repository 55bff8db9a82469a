import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation, rowsOf, run } from './process.ts'

const realm = 'https://sso.example.com/realms/staff'
const environment = {
  ISSUERS: JSON.stringify([{ profile: 'keycloak', issuer: realm, audience: 'api', users: 'link' }]),
}

test('identities are linked, listed and unlinked from the command line', async () => {
  const directory = createInstallation()
  const command = (...words: readonly string[]) => run(directory, words, { environment })
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], {
    input: 'seven quiet otters juggle',
  })

  assert.deepEqual(await command('identity', 'link', 'Alice', realm, 'f1d2'), {
    code: 0,
    stdout: `f1d2 of ${realm} is alice now.\n`,
    stderr: '',
  })
  assert.deepEqual(
    rowsOf(await command('identity', 'list', 'alice')).map((cells) => cells.slice(0, 2)),
    [[realm, 'f1d2']],
  )
  const again = await command('identity', 'link', 'alice', realm, 'f1d2')
  assert.deepEqual([again.code, again.stdout], [1, ''])
  assert.match(again.stderr, /linked to a user already/)
  assert.match((await command('identity', 'link', 'bob', realm, 'x')).stderr, /no such user/)
  assert.match((await command('identity', 'link', 'alice', `${realm}/`, 'x')).stderr, /exactly/)

  assert.equal((await command('identity', 'unlink', 'alice', realm, 'f1d2')).code, 0)
  const gone = await command('identity', 'unlink', 'alice', realm, 'f1d2')
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /not linked to alice/)
  assert.equal((await command('identity', 'list', 'alice', '--json')).stdout, '[]\n')
})

test('without an issuer that links, a link is refused and says so', async () => {
  const directory = createInstallation()
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], {
    input: 'seven quiet otters juggle',
  })
  const refused = await run(directory, ['identity', 'link', 'alice', realm, 'f1d2'])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /No issuer is configured/)
})

test('a mistake in ISSUERS stops a command with 78, every one of them listed', async () => {
  const ISSUERS = '[{"profile":"keycloak"},{"profile":"okta"}]'
  const refused = await run(createInstallation(), ['user', 'list'], { environment: { ISSUERS } })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /ISSUERS\[0\]: Keycloak: the audience or the clientId is missing/)
  assert.match(refused.stderr, /ISSUERS\[1\]: profile must be one of/)
})
