import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { hostedLoginOption } from '../../../src/server/hosted-login.ts'
import { readConfig } from '../../../src/server/settings/config.ts'

const environmentWith = (hosts: readonly string[]): Record<string, string> => ({
  HOSTED_LOGIN: 'true',
  BACKCHANNEL_LOGOUT_HOSTS: hosts.join('\n'),
})

test('hosts that are told of log-outs are those that a URL can have, in the setting and the option', async () => {
  const hosts = [
    'app.internal',
    'my_app',
    'localhost',
    '10.0.0.5',
    '[::1]',
    'xn--bcher-kva.example',
  ]
  const config = readConfig(environmentWith(hosts))
  assert.deepEqual(config.backchannelHosts, hosts)
  assert.notEqual(await hostedLoginOption(config), undefined)
})

// None equals the host of a URL: what it allows would never be asked.
for (const host of [
  ...['::1', '[0:0:0:0:0:0:0:1]', '1.2', '010.0.0.5', 'App.internal', 'bücher.example'],
  ...['app.internal:8443', 'https://app.internal', 'app.internal/', 'user@app.internal', 'a b'],
]) {
  test(`${host} is refused by the name of the setting, with the form that addresses have`, () => {
    assert.throws(
      () => readConfig(environmentWith([host])),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.problems.length, 1)
        const [problem = ''] = error.problems
        assert.ok(problem.startsWith(`BACKCHANNEL_LOGOUT_HOSTS names ${JSON.stringify(host)}`))
        assert.match(problem, /\[::1\]/)
        return true
      },
    )
  })
}
