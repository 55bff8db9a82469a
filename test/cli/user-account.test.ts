import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation, rowsOf, run } from './process.ts'

const password = 'seven quiet otters juggle'

test('addresses, names and suspensions are set, shown and exported on the command line (AC-12)', async () => {
  const directory = createInstallation()
  const command = (line: string, input = '') =>
    run(directory, ['user', ...line.split(' ')], { input })
  const show = async (name: string) => JSON.parse((await command(`show ${name} --json`)).stdout)

  const wrong = await command('add bob --email b@c@d', password)
  assert.deepEqual([wrong.code, wrong.stdout], [1, ''])
  assert.match(wrong.stderr, /^The e-mail address must be of the form name@example\.com/)
  assert.equal((await command('add root --role admin', password)).code, 0)
  const add = await command('add bob --email Bob@Bücher.example --email-verified', password)
  assert.equal(add.code, 0, add.stderr)
  const bob = await show('bob')
  assert.deepEqual([bob.email, bob.email_verified], ['Bob@xn--bcher-kva.example', true])
  assert.equal('email' in (await show('root')), false)

  assert.deepEqual(await command('email bob bob@example.com'), {
    ...{ code: 0, stderr: '' },
    stdout: 'bob has the address bob@example.com now, which is not verified.\n',
  })
  const listed = rowsOf(await command('list')).map((cells) => cells.join(' '))
  assert.match(listed[0] ?? '', /^bob .* bob@example\.com \(not verified\)$/)
  const verified = await command('email bob bob@example.com --verified')
  assert.equal(verified.stdout, 'bob has the address bob@example.com now.\n')
  assert.equal((await command('rename bob Bert')).stdout, 'bob is called bert now.\n')
  assert.match((await command('rename bert b@x')).stderr, /must be the verified e-mail address/)

  assert.equal((await command('suspend bert --until soon')).code, 64)
  assert.match((await command('suspend bert --until 2020-01-01')).stderr, /in the future/)
  assert.deepEqual(await command('suspend bert --until 2999-01-31'), {
    ...{ code: 0, stderr: '', stdout: 'bert is suspended until 2999-01-31T00:00:00Z.\n' },
  })
  assert.match((await command('list')).stdout, /bert +member +suspended/)

  const exported = await command('export --format csv')
  const other = createInstallation()
  const read = await run(other, ['user', 'import', '-', '--format', 'csv'], {
    input: exported.stdout,
  })
  assert.deepEqual([read.code, read.stderr], [0, ''])
  const { email, email_verified, suspended_until } = JSON.parse(
    (await run(other, ['user', 'show', 'bert', '--json'])).stdout,
  )
  assert.deepEqual(
    [email, email_verified, suspended_until],
    ['bob@example.com', true, Date.UTC(2999, 0, 31) / 1000],
  )

  assert.equal((await command('resume bert')).stdout, 'bert is not suspended any more.\n')
  for (const line of ['email bert', 'email bert b@example.com --none']) {
    assert.equal((await command(line)).code, 64, line)
  }
  assert.equal((await command('email bert --none')).stdout, 'bert has no address now.\n')
})
