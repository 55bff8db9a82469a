// What no command may say: every secret that it was given, by the environment, a file or standard input.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { checkConfiguration } from '../../src/cli/doctor/configuration.ts'
import { describeFailure } from '../../src/cli/exit-code.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { settings } from '../../src/server/settings/settings.ts'
import { assertAbsent } from '../canaries.ts'
import { goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { createDirectory, createInstallation, type Finished, run, serve, start } from './process.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const canary = 'canary-4f7d1c'
const good = {
  SECRET_KEY: 'canary-key-5d1f9a0c7b3e8842-of-today',
  SECRET_KEY_PREVIOUS: 'canary-key-0f6c29d18b7e4a53-of-before',
  KEY_ENCRYPTION_KEY: Buffer.from('canary-key-of-32-bytes-8c41f0d2a')
    .subarray(0, 32)
    .toString('base64'),
  KEY_ENCRYPTION_KEY_PREVIOUS: Buffer.from('canary-key-of-32-bytes-1b70e3d49')
    .subarray(0, 32)
    .toString('base64'),
  PASSWORD_PEPPER: 'canary-pepper-8d30f1c96ae2b745-of-today',
  PASSWORD_PEPPER_PREVIOUS: 'canary-pepper-c41b7d9f2e60a385-of-before',
}
const clientSecret = 'canary-secret-of-a-client-9e0b77d1c3'

/** Every setting that holds a secret, given wrong in every way that there is. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: [
    `postgres://${canary}`.replace('//', '/'),
    `mysql://user:${canary}@127.0.0.1/app`,
    `postgres://user:${canary}%zz@127.0.0.1/app`,
    `postgres://user:${canary}#@127.0.0.1/app`,
    `postgres://user:${canary}?x@127.0.0.1/app`,
    `postgres://user:${canary}/x@127.0.0.1:port/app`,
    `postgres://user:p@127.0.0.1/app?password=${canary}&connect_timeout=${canary}`,
    `postgres://user:p@127.0.0.1/app?${canary}=1&sslmode=${canary}&target_session_attrs=${canary}`,
    `postgres://user:p@127.0.0.1:${canary}/app`,
    canary,
  ],
  SECRET_KEY: [
    canary,
    `${canary}\n${canary}`,
    canary.repeat(20).slice(0, 31),
    'canary-4'.repeat(8),
  ],
  SECRET_KEY_PREVIOUS: [canary, `${good.SECRET_KEY_PREVIOUS}\n${canary}`],
  KEY_ENCRYPTION_KEY: [canary, `${good.KEY_ENCRYPTION_KEY}${canary}`, `${canary}${'0'.repeat(51)}`],
  KEY_ENCRYPTION_KEY_PREVIOUS: [canary, `${good.KEY_ENCRYPTION_KEY}\n${canary}`],
  PASSWORD_PEPPER: [canary, `${canary}\n${canary}`, 'canary-4'.repeat(8)],
  SMTP_URL: [
    canary,
    `smtp://${canary}@`,
    `https://user:${canary}@host`,
    `smtp://u:${canary}@h:${canary}`,
  ],
  PASSWORD_PEPPER_PREVIOUS: [canary, `${good.PASSWORD_PEPPER_PREVIOUS}\n${canary}`],
  CLIENTS: [
    canary,
    `[{"id":"app","secret":"${clientSecret}"`,
    `[{"id":"app","secret":"${clientSecret}"} "${clientSecret}"]`,
    `{"app":"${clientSecret}"}`,
    `["${clientSecret}"]`,
    JSON.stringify([{ id: 'app', secret: canary }]),
    JSON.stringify([{ id: 'app', secret: [clientSecret] }]),
    JSON.stringify([{ id: 'app', secret: `${clientSecret}\n` }]),
    JSON.stringify([{ id: 'app', password: clientSecret, [clientSecret]: 1 }]),
    JSON.stringify([{ id: 'app', secret: clientSecret, grants: [clientSecret] }]),
    JSON.stringify([{ id: 'app', secret: clientSecret, scopes: ['"'], grants: clientSecret }]),
  ],
  ISSUERS: [
    canary,
    `[{"profile":"keycloak","issuer":"${clientSecret}`,
    JSON.stringify([{ profile: clientSecret }]),
    JSON.stringify([
      {
        profile: 'keycloak',
        issuer: `https://user:${clientSecret}@sso.example.com/realms/x`,
        audience: 'api',
      },
    ]),
    JSON.stringify([
      { profile: 'rfc9068', issuer: `https://user:a/${clientSecret}@x/`, audience: 'a' },
    ]),
    JSON.stringify([
      { profile: 'rfc9068', issuer: `https://x/?key=${clientSecret}`, audience: 'a' },
    ]),
    JSON.stringify([{ profile: 'keycloak', issuer: 7, audience: { a: clientSecret } }]),
  ],
}
const canaries = { canary, 'secret of a client': clientSecret, ...good }

describe('no mistake of the configuration repeats a secret (LA-04)', () => {
  const directory = createDirectory()
  for (const { name } of settings.filter(({ secret }) => secret)) {
    test(`of ${name}`, () => {
      const values = wrong[name] ?? []
      assert.ok(values.length > 0, 'a setting that holds a secret is tried here')
      for (const [index, value] of values.entries()) {
        const file = join(directory, `${name}-${index}`)
        writeFileSync(file, value)
        for (const given of [
          { [name]: value },
          { [`${name}_FILE`]: file },
          { [name]: value, [`${name}_FILE`]: file },
        ]) {
          const said: string[] = []
          assert.throws(
            () => readConfig(given),
            (error) => {
              said.push(describeFailure(error), JSON.stringify(error), String(error))
              return true
            },
            `${value} is wrong`,
          )
          said.push(JSON.stringify(checkConfiguration(given)))
          assertAbsent(said.join('\n'), canaries)
        }
      }
    })
  }

  test('of two that are the same', () => {
    const secret = good.SECRET_KEY
    const given = { SECRET_KEY: secret, SECRET_KEY_PREVIOUS: secret }
    assert.throws(
      () => readConfig(given),
      (error) => {
        assertAbsent(describeFailure(error), canaries)
        return true
      },
    )
  })
})

/** Fails unless the command ended with this code, and said something, and none of the secrets. */
function assertDiscreet(
  finished: Finished,
  code: number,
  secrets: Readonly<Record<string, string>>,
): void {
  const said = `${finished.stdout}${finished.stderr}`
  assert.equal(finished.code, code, said)
  assert.notEqual(said, '')
  assertAbsent(said, secrets)
}

describe('no command says a secret (LA-04)', () => {
  const clients = JSON.stringify([{ id: 'configured', secret: clientSecret }])

  test('that is told a configuration which is wrong', async () => {
    const environment = Object.fromEntries(
      Object.entries(wrong).map(([name, values]) => [name, values[0] as string]),
    )
    const directory = createDirectory()
    assertDiscreet(await run(directory, ['serve'], { environment }), 78, canaries)
    assertDiscreet(await run(directory, ['doctor', '--json'], { environment }), 1, canaries)
    const input = goodPassword
    const added = await run(directory, ['user', 'add', 'alice'], { input, environment })
    assertDiscreet(added, 78, { ...canaries, password: goodPassword })
  })

  test('that is told one which is right', async () => {
    const directory = createInstallation()
    const { KEY_ENCRYPTION_KEY: _other, ...keys } = good
    const environment = { ...keys, CLIENTS: clients, LOG_LEVEL: 'trace' }
    const secrets = { ...canaries, password: goodPassword, 'weak password': 'weak-canary' }
    const command = (words: readonly string[], input = '') =>
      run(directory, words, { input, environment })
    assertDiscreet(await command(['user', 'add', 'alice'], 'weak-canary'), 1, secrets)
    const add = ['user', 'add', 'alice', '--role', 'admin']
    assertDiscreet(await command(add, goodPassword), 0, secrets)
    assertDiscreet(await command(add, goodPassword), 1, secrets)
    assertDiscreet(await command(['client', 'add', 'configured']), 1, secrets)
    const added = await command(['client', 'add', 'job'])
    assertDiscreet(added, 0, secrets)
    assert.match(added.stdout, /^pcs_[\w-]+\n$/, 'the new secret is all that standard output is')
    assert.ok(!added.stderr.includes(added.stdout.trim()))

    const serving = await serve(directory, environment)
    const body = new URLSearchParams({ username: 'alice', password: goodPassword })
    const answer = await fetch(`${serving.url}/auth/token`, { method: 'POST', body })
    const { access_token: access, refresh_token: refresh } = await answer.json()
    assert.equal(await serving.stop(), 0)
    const tokens = { access, refresh, 'new secret': added.stdout.trim() }
    assert.match(serving.said(), /authn_login_success/)
    assertAbsent(serving.said(), { ...secrets, ...tokens })

    for (const [input, words, code] of [
      [access, ['token', 'inspect'], 0],
      [`${access}x`, ['token', 'inspect', '--json'], 1],
      [refresh, ['token', 'inspect'], 1],
    ]) {
      assertDiscreet(await command(words, input), code, { ...secrets, ...tokens })
    }
    assertDiscreet(await command(['doctor']), 0, secrets)
    assertDiscreet(await command(['events', 'list', '--json']), 0, { ...secrets, ...tokens })
  })

  test('whose database cannot be reached, or does not let it in', { skip }, async () => {
    const directory = createInstallation()
    const url = (await server?.createDatabase('secrets')) ?? ''
    const refused = url.replace('postgres:postgres@', `postgres:${canary}@`)
    // No server listens on port 1.
    const unreachable = refused.replace(/:\d+\//, ':1/')
    for (const [DATABASE_URL, code] of [
      [refused, 74],
      [unreachable, 69],
    ] as const) {
      const environment = { DATABASE_URL, KEY_ENCRYPTION_KEY: good.KEY_ENCRYPTION_KEY }
      const input = goodPassword
      const added = await run(directory, ['user', 'add', 'alice'], { input, environment })
      assertDiscreet(added, code, { ...canaries, password: goodPassword })
      assertDiscreet(await run(directory, ['doctor'], { environment }), 1, canaries)
    }
    const KEY_ENCRYPTION_KEY = good.KEY_ENCRYPTION_KEY
    const served = await run(directory, ['serve'], {
      environment: { DATABASE_URL: refused, KEY_ENCRYPTION_KEY },
    })
    assertDiscreet(served, 74, canaries)
    const waiting = start(directory, ['serve'], { DATABASE_URL: unreachable, KEY_ENCRYPTION_KEY })
    let said = ''
    waiting.stdout?.on('data', (chunk) => {
      said += chunk
    })
    for await (const chunk of waiting.stderr ?? []) {
      said += chunk
      if (said.includes('Waiting for it.')) waiting.kill('SIGTERM')
    }
    assert.match(said, /Waiting for it\./)
    assertAbsent(said, canaries)
  })

  test('that crashes', async () => {
    const directory = createDirectory()
    // What Node.js prints of an error that nobody handles is all that the error carries.
    const crash = `
      import { setImmediate } from 'node:timers'
      process.once('SIGUSR2', () => setImmediate(() => {
        const url = 'postgres://user:${canary}@127.0.0.1/app'
        throw Object.assign(new Error('no way to ' + url), { input: url, cause: url })
      }))`
    const file = join(directory, 'crash.mjs')
    writeFileSync(file, crash)
    const serving = await serve(directory, { ...good, NODE_OPTIONS: `--import ${file}` })
    assert.equal(await serving.stop('SIGUSR2'), 70)
    assert.match(serving.said(), /no way to postgres:\/\/user:\[hidden\]@127\.0\.0\.1\/app/)
    assert.match(serving.said(), /crash\.mjs/, 'it says where')
    assertAbsent(serving.said(), canaries)
  })
})
