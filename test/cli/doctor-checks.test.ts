// What the checks say of configurations, without a process for each.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { checkClock, judgeOffset } from '../../src/cli/doctor/clock.ts'
import { checkCors } from '../../src/cli/doctor/cors.ts'
import { checkDatabase } from '../../src/cli/doctor/database.ts'
import type { Check, Finding, Subject } from '../../src/cli/doctor/finding.ts'
import { checkIssuers } from '../../src/cli/doctor/issuers.ts'
import { checkThreads, checkWorkers } from '../../src/cli/doctor/machine.ts'
import { checkIssuerUrl, checkProxies } from '../../src/cli/doctor/network.ts'
import { checkNode } from '../../src/cli/doctor/node.ts'
import { checkPasswordHash, parametersFor } from '../../src/cli/doctor/password-hash.ts'
import { checkSecrets } from '../../src/cli/doctor/secrets.ts'
import { checkSigningKeys } from '../../src/cli/doctor/signing-keys.ts'
import { systemClock } from '../../src/core/clock.ts'
import { argon2Problem } from '../../src/core/passwords/password-hash.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import type { DatabaseInspection } from '../../src/stores/inspection.ts'
import { type RunningProvider, startRunningProvider } from '../issuers/running-provider.ts'

const subjectOf = (environment: Readonly<Record<string, string>>): Subject => ({
  config: readConfig(environment),
  inspection: null,
  databaseFailure: null,
  targetTime: undefined,
  sendTo: undefined,
  now: systemClock(),
})

const worst = (findings: readonly Finding[]): string =>
  (['problem', 'warning', 'ok'] as const).find((status) =>
    findings.some((each) => each.status === status),
  ) ?? 'nothing'

const https = 'https://auth.example.com'
const http = 'http://auth.example.com'
const page = 'https://app.example.com'
const rows: readonly (readonly [string, Check, Readonly<Record<string, string>>, string])[] = [
  ['the defaults', checkIssuerUrl, {}, 'ok'],
  ['https', checkIssuerUrl, { ISSUER: https }, 'ok'],
  ['http to others', checkIssuerUrl, { ISSUER: http, ALLOW_INSECURE_ISSUER: 'true' }, 'warning'],
  ['a name of this machine', checkIssuerUrl, { ISSUER: 'http://localhost:8000' }, 'ok'],
  ['an address of this machine', checkIssuerUrl, { ISSUER: 'http://[::1]:8000' }, 'ok'],
  ['an issuer that others cannot reach', checkIssuerUrl, { HOST: '0.0.0.0' }, 'warning'],
  ['another port', checkIssuerUrl, { ISSUER: 'http://127.0.0.1:9000' }, 'warning'],
  ['a path', checkIssuerUrl, { ISSUER: `${https}/login` }, 'ok'],

  ['nobody in front', checkProxies, {}, 'ok'],
  ['https without a proxy', checkProxies, { ISSUER: https }, 'warning'],
  ['all interfaces without a proxy', checkProxies, { HOST: '0.0.0.0' }, 'warning'],
  [
    'a proxy in its network',
    checkProxies,
    { HOST: '0.0.0.0', ISSUER: https, TRUSTED_PROXIES: '10.0.0.0/8' },
    'ok',
  ],
  [
    'a proxy on this machine',
    checkProxies,
    { ISSUER: https, TRUSTED_PROXIES: '127.0.0.1,::1' },
    'ok',
  ],
  [
    'a proxy that cannot reach this',
    checkProxies,
    { ISSUER: https, TRUSTED_PROXIES: '10.0.0.1' },
    'warning',
  ],
  [
    'everybody is a proxy',
    checkProxies,
    { HOST: '::', ISSUER: https, TRUSTED_PROXIES: '::/0' },
    'problem',
  ],
  [
    'a proxy and http',
    checkProxies,
    {
      ...{ HOST: '0.0.0.0', ISSUER: http, ALLOW_INSECURE_ISSUER: 'true' },
      TRUSTED_PROXIES: '10.0.0.1',
    },
    'warning',
  ],

  ['no other page', checkCors, {}, 'ok'],
  ['a page of https', checkCors, { ISSUER: https, CORS_ORIGINS: page }, 'ok'],
  ['pages of this machine', checkCors, { CORS_ORIGINS: 'http://localhost:5173' }, 'ok'],
  ['a page of http', checkCors, { CORS_ORIGINS: `${page},http://a.example` }, 'warning'],
  ['a page of our own', checkCors, { ISSUER: `${https}/login`, CORS_ORIGINS: https }, 'warning'],
  [
    "a page of a developer's machine",
    checkCors,
    { ISSUER: https, CORS_ORIGINS: `${page},http://127.0.0.1:5173` },
    'warning',
  ],
  [
    'a page that browsers keep from an http server',
    checkCors,
    { ISSUER: http, ALLOW_INSECURE_ISSUER: 'true', CORS_ORIGINS: page },
    'warning',
  ],

  ['no password', checkSecrets, { DATABASE_URL: 'postgres://app@db/app' }, 'ok'],
  ['a known one', checkSecrets, { DATABASE_URL: 'postgres://app:Postgres@db/app' }, 'problem'],
  ['that of the user', checkSecrets, { DATABASE_URL: 'postgres://app:app@db/app' }, 'problem'],
  ['in the query', checkSecrets, { DATABASE_URL: 'postgres://db/app?password=root' }, 'problem'],
  [
    'one of its own',
    checkSecrets,
    { DATABASE_URL: 'postgres://app:4f3c7b7e151628ae@db/app' },
    'ok',
  ],
  ['more processes than cores', checkWorkers, { WORKERS: '250' }, 'warning'],
  ['as many processes as cores', checkWorkers, { WORKERS: 'auto' }, 'ok'],
  [
    'threads for every core',
    checkThreads,
    { UV_THREADPOOL_SIZE: String(availableParallelism() + 1) },
    'ok',
  ],
]

for (const [title, check, environment, expected] of rows) {
  test(`${check.name}: ${title} is ${expected}`, async () => {
    const findings = await check(subjectOf(environment))
    assert.equal(worst(findings), expected, JSON.stringify(findings))
    for (const { status, advice } of findings) assert.ok(status === 'ok' || advice !== null)
    const { password } = /:(?<password>[^/@:]+)@/.exec(environment.DATABASE_URL ?? '')?.groups ?? {}
    if (password === '4f3c7b7e151628ae') assert.ok(!JSON.stringify(findings).includes(password))
  })
}

test('fewer threads than cores are told, with the number that would do', {
  skip: availableParallelism() > 1 ? false : 'not checked: there is one core here',
}, async () => {
  const [finding] = await checkThreads(subjectOf({ UV_THREADPOOL_SIZE: '2' }))
  assert.equal(finding?.status, 'warning')
  assert.match(String(finding?.advice), new RegExp(`=${availableParallelism() + 1} `))
})

test('a secret that another server would have to know is a warning (KM-09)', async () => {
  const secret = { SECRET_KEY: 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56' }
  const judge = async (environment: Readonly<Record<string, string>>) =>
    worst(await checkSigningKeys(subjectOf({ ISSUER: https, ...environment })))
  assert.equal(await judge({ ...secret, AUDIENCE: 'https://api.example.com' }), 'warning')
  for (const AUDIENCE of [https, `${https}/api`, 'my-api']) {
    assert.equal(await judge({ ...secret, AUDIENCE }), 'ok', AUDIENCE)
  }
  // Managed keys have a public half.
  assert.equal(await judge({ AUDIENCE: 'https://api.example.com' }), 'nothing')
})

test('a clock that cannot be right is a problem', async () => {
  const subject = subjectOf({})
  assert.equal(worst(await checkClock(subject)), 'ok')
  for (const now of [0, 4_200_000_000]) {
    assert.equal(worst(await checkClock({ ...subject, now })), 'problem')
  }
})

test('a Node.js whose line has ended is a warning from that day on (SC-08)', () => {
  const at = (day: string, version: string) => checkNode({ now: Date.parse(day) / 1000 }, version)
  const [during] = at('2028-04-29', '24.18.1')
  assert.equal(during?.status, 'ok')
  assert.match(during.finding, /24\.18\.1 gets fixes until 2028-04-30/)
  for (const [day, version] of [
    ['2028-04-30', '24.18.1'],
    ['2026-11-26', '25.9.0'],
    ['2029-05-01', '26.10.0'],
  ] as const) {
    const [after] = at(day, version)
    assert.equal(after?.status, 'warning', version)
    assert.match(String(after.advice), /Install a newer line/)
  }
  // Nothing is known of what came after this version.
  assert.deepEqual(at('2040-01-01', '30.0.0'), [])
})

test('the Node.js that this package is developed with is one that the check knows (SC-08)', () => {
  assert.equal(checkNode({ now: 0 }).length, 1)
})

test('a clock that is off by more than tokens may be is a problem, by less a warning', () => {
  const judge = (offset: number) => judgeOffset('the database', offset)
  assert.equal(judge(-1.5).status, 'ok')
  assert.equal(judge(12).status, 'warning')
  assert.match(judge(12).finding, /12 seconds ahead of/)
  assert.equal(judge(-7200).status, 'problem')
  assert.match(judge(-7200).finding, /2 hours behind/)
})

const inspection: DatabaseInspection = {
  engine: 'PostgreSQL',
  version: '18.4',
  latency: 0.3,
  damages: [],
  clockOffset: 0,
  maxConnections: 100,
  pooler: null,
  olderPrimaries: null,
  steps: { done: [], pending: [], unknown: [], obstacle: null },
  contents: null,
}

test('connections are counted against those of the server', async () => {
  const judge = async (size: string, workers: string) =>
    worst(
      await checkDatabase({
        ...subjectOf({ DATABASE_POOL_SIZE: size, WORKERS: workers }),
        inspection,
      }),
    )
  assert.equal(await judge('10', '1'), 'ok')
  assert.equal(await judge('10', '5'), 'warning')
  assert.equal(await judge('24', '4'), 'problem')
})

test('an older primary that lives on is a problem, and several hosts cost one connection more', async () => {
  const judge = async (olderPrimaries: DatabaseInspection['olderPrimaries']) => {
    const subject = subjectOf({ DATABASE_POOL_SIZE: '10', WORKERS: '7' })
    const findings = await checkDatabase({
      ...subject,
      inspection: { ...inspection, olderPrimaries },
    })
    return findings.map(({ status, finding }) => `${status}: ${finding}`).join('\n')
  }
  assert.match(await judge(null), /\+ 4\) = 98 connections/)
  assert.match(await judge([]), /^problem: This server may open 7 × .* \+ 5\) = 105 connections/m)
  assert.match(await judge(['db1:5432']), /^problem: db1:5432 takes writes, though/m)
})

test('a pooler is told, and is a warning if statements have no limit behind it', async () => {
  const judge = async (pooler: DatabaseInspection['pooler']) => {
    const findings = await checkDatabase({
      ...subjectOf({}),
      inspection: { ...inspection, pooler },
    })
    const says = findings.some(({ finding }) => finding.startsWith('A pooler is in between'))
    return [says, worst(findings)]
  }
  assert.deepEqual(await judge(null), [false, 'ok'])
  assert.deepEqual(await judge({ limitsStatements: true }), [true, 'ok'])
  assert.deepEqual(await judge({ limitsStatements: false }), [true, 'warning'])
})

test('a slow database is a warning', async () => {
  const slow = { ...subjectOf({}), inspection: { ...inspection, latency: 80 } }
  assert.equal(worst(await checkDatabase(slow)), 'warning')
})

test('suggested parameters are never below the minimum of OWASP, nor above the ceiling [PW-01]', () => {
  const costs = fc.record({
    memory: fc.integer({ min: 7168, max: 262144 }),
    time: fc.integer({ min: 1, max: 16 }),
    parallelism: fc.integer({ min: 1, max: 8 }),
  })
  const times = fc.double({ min: 0.5, max: 20_000, noNaN: true })
  fc.assert(
    fc.property(costs, times, times, (cost, duration, target) => {
      assert.equal(argon2Problem(parametersFor(cost, duration, target)), null)
    }),
  )
})

test('parameters are suggested in proportion to the time', () => {
  const cost = { memory: 19456, time: 2, parallelism: 1 }
  assert.deepEqual(parametersFor(cost, 40, 80), { memory: 38912, time: 2, parallelism: 1 })
  assert.deepEqual(parametersFor(cost, 20, 400), { memory: 65536, time: 12, parallelism: 1 })
  assert.deepEqual(parametersFor(cost, 400, 20), cost)
})

test('only the least parameters are called the least', async () => {
  const suggestion = async (targetTime: number): Promise<string> => {
    const environment = { ARGON2_MEMORY: '24576' }
    const [finding] = await checkPasswordHash({ ...subjectOf(environment), targetTime })
    return String(finding?.advice)
  }
  const least =
    /ARGON2_MEMORY=19456, ARGON2_TIME=2, .* the least memory and time that OWASP recommends/
  assert.match(await suggestion(1), least)
  const more = await suggestion(2000)
  assert.match(more, /ARGON2_MEMORY=\d{5,}, /)
  assert.doesNotMatch(more, /OWASP/)
})

let provider: RunningProvider
before(async () => {
  provider = await startRunningProvider()
})
after(() => provider.close())

const outside = (more: object = {}): Subject =>
  subjectOf({
    ISSUERS: JSON.stringify([
      {
        profile: 'rfc9068',
        issuer: provider.issuer,
        audience: 'api',
        allowInsecureLoopback: true,
        ...more,
      },
    ]),
  })

test('an issuer that can be used is told with its keys, and its clock is compared', async () => {
  const findings = await checkIssuers(outside())
  assert.deepEqual(
    findings.map(({ name, status }) => [name, status]),
    [
      ['outside-issuers', 'ok'],
      ['clock', 'ok'],
    ],
  )
  assert.match(findings[0]?.finding ?? '', /1 usable key for .*ES256/)
})

test('an issuer whose keys are for other algorithms is a problem', async () => {
  const [finding] = await checkIssuers(outside({ algorithms: ['RS256'] }))
  assert.equal(finding?.status, 'problem')
  assert.match(finding?.finding ?? '', /no key for RS256: its keys are for ES256/)
})

test('an issuer that answers garbage, or under another name, is a problem that says so', async () => {
  provider.disturb((_request, response) => void response.end('<html>'))
  const [garbage] = await checkIssuers(outside())
  assert.match(garbage?.finding ?? '', /content type that is not JSON/)
  provider.disturb((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('{"issuer":"https://evil.example","jwks_uri":"https://evil.example/jwks"}')
  })
  const [other] = await checkIssuers(outside())
  assert.equal(other?.status, 'problem')
  assert.match(other?.finding ?? '', /metadata of another issuer/)
  provider.disturb(undefined)
})

test('an issuer whose clock is elsewhere is a problem', async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toUTCString()
  const { issuer } = provider
  const keys = { keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: 'A'.repeat(43) }] }
  provider.disturb((request, response) => {
    const isKeys = request.url?.startsWith('/jwks')
    response.writeHead(200, { 'content-type': 'application/json', date: tomorrow })
    response.end(JSON.stringify(isKeys ? keys : { issuer, jwks_uri: `${issuer}/jwks` }))
  })
  const findings = await checkIssuers(outside({ algorithms: ['EdDSA'] }))
  provider.disturb(undefined)
  assert.deepEqual(
    findings.map(({ status }) => status),
    ['ok', 'problem'],
  )
  assert.match(findings[1]?.finding ?? '', /24 hours|1 day ahead of/)
})

test('an issuer that is not there is a problem', async () => {
  const gone = await startRunningProvider()
  await gone.close()
  const [finding] = await checkIssuers(outside({ issuer: gone.issuer }))
  assert.equal(finding?.status, 'problem')
  assert.match(finding?.finding ?? '', /could not be reached/)
})

test('checkCors tells of the pages that may ask for tokens where people log in by browser', async () => {
  const [off] = await checkCors(subjectOf({}))
  assert.match(String(off?.finding), /no cookie is set/)
  const [on] = await checkCors(subjectOf({ HOSTED_LOGIN: 'true' }))
  assert.match(String(on?.finding), /log in by browser may ask for tokens/)
})
