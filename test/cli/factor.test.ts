import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAuth } from '../../src/server/open-auth.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { deviceOf } from '../server/factors/device.ts'
import { createInstallation, run } from './process.ts'

const password = 'seven quiet otters juggle'
const on = { FACTORS: 'optional', FACTOR_ROLES: 'admin' }

test('the last administrator is brought back in on the command line (AC-88)', async () => {
  const directory = createInstallation()
  const command = (line: string, input = '', env: Readonly<Record<string, string>> = on) =>
    run(directory, line.split(' '), { input, environment: env })
  assert.equal((await command('user add root --role admin', password)).code, 0)
  const config = readConfig({ DATA_DIR: join(directory, 'data'), ...on })
  const auth = await openAuth(config)
  const root = (await auth.users.findByUsername('root')) ?? assert.fail()
  const both = { authenticatedAt: auth.clock(), acr: '2fa', amr: ['pwd'] }
  const opened = await auth.sessions.open(root, {
    ...{ clientId: 'first-party', scopes: [], authentication: both },
  })
  const begun = (await auth.factors?.beginTotp({ userId: root.id, name: 'phone' })) ?? assert.fail()
  const sessionId = opened?.session.id ?? ''
  const otp = deviceOf(auth, begun).code()
  await auth.factors?.confirmTotp({ userId: root.id, id: begun.id, otp, sessionId })
  await auth.close()

  const listed = JSON.parse((await command('factor list root --json')).stdout)
  assert.deepEqual([listed.factors[0].name, listed.recovery_codes_left], ['phone', 8])
  assert.match((await command('factor list root')).stdout, /phone +totp .*\nRecovery codes left: 8/)
  const reset = await command('factor reset root')
  assert.deepEqual([reset.code, reset.stderr], [0, ''])
  assert.match(reset.stdout, /^root has no second factor now/)
  const again = await command('factor reset root')
  assert.deepEqual([again.code, again.stderr], [1, 'The user has no second factor.\n'])
  const events = await command('events list --type factor_removed --json')
  assert.match(events.stdout, /"actor": ?"cli:/)
  const off = await command('factor list root', '', {})
  assert.match(off.stderr, /set FACTORS=optional/)
  const wrong = await command('user list', '', { FACTOR_ROLES: 'admin' })
  assert.match(wrong.stderr, /FACTOR_ROLES needs FACTORS=optional/)
  const alone = await command('user list', '', { PASSKEYS: 'true' })
  assert.match(alone.stderr, /PASSKEYS needs FACTORS=optional/)
  const issuer = { ISSUER: 'https://10.0.0.1', FACTORS: 'optional', PASSKEYS: 'true' }
  const numbered = await command('user list', '', issuer)
  assert.equal(numbered.code, 0, numbered.stderr)
})
