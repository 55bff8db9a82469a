import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { parsePostgresUrl, postgresUrlProblems } from '../../../src/stores/postgres/url.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-url-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const certificate = join(directory, 'ca.pem')
writeFileSync(certificate, 'PEM')

const one = (host: string, port = 5432) => ({ hosts: [{ host, port }] })

describe('a URL is read as libpq reads it', () => {
  const rows: readonly (readonly [string, object])[] = [
    ['postgres://h/d', { ...one('h'), database: 'd', session: 'any', user: undefined }],
    ['postgresql://h', { ...one('h'), database: undefined, tls: {} }],
    ['postgres://', one('localhost')],
    ['postgres:///d', { ...one('localhost'), database: 'd' }],
    ['postgres://u@h:5433', { ...one('h', 5433), user: 'u', password: undefined }],
    ['postgres://u:p%40%2F%3A@h', { user: 'u', password: 'p@/:' }],
    ['postgres://u:a:b@c@h', { ...one('h'), user: 'u', password: 'a:b@c' }],
    ['postgres://h:/d', one('h')],
    ['postgres://[2001:db8::1]:5433,[::1]/d', hostsOf(['2001:db8::1', 5433], ['::1', 5432])],
    ['postgres://u:p@a:1,b:2,c/d', hostsOf(['a', 1], ['b', 2], ['c', 5432])],
    ['postgres://%2Frun%2Fpostgresql/d', { ...one('/run/postgresql'), database: 'd' }],
    ['postgres:///d?host=/run/postgresql', one('/run/postgresql')],
    ['postgres:///d?host=a,b&port=1,2', hostsOf(['a', 1], ['b', 2])],
    ['postgres:///d?host=a,b&port=7', hostsOf(['a', 7], ['b', 7])],
    ['postgres://h/d?user=u&password=p&dbname=e', { user: 'u', password: 'p', database: 'e' }],
    ['postgres://h/d%20e', { database: 'd e' }],
    // One that can be written is wanted; of one server nothing is asked.
    ['postgres://a,b', { session: 'read-write' }],
    ['postgres://a,b?target_session_attrs=any', { session: 'any' }],
    ['postgres://a,b?target_session_attrs=primary', { session: 'primary' }],
    ['postgres://a?target_session_attrs=read-write', { session: 'read-write' }],
    ['postgres://h?connect_timeout=7', { connectTimeout: 7 }],
    ['postgres://h?connect_timeout=0', { connectTimeout: undefined }],
    ['postgres://h?application_name=me', { applicationName: 'me' }],
    ['postgres://h?options=-c%20search_path%3Dauth', { options: '-c search_path=auth' }],
    ['postgres://h?sslmode=disable', { tls: { ssl: false } }],
    ['postgres://h?sslmode=verify-full', { tls: { ssl: {} } }],
    ['postgres://h?sslmode=require', { tls: { ssl: {} } }],
    ['postgres://h?ssl=true', { tls: { ssl: {} } }],
    ['postgres://h?ssl=false', { tls: { ssl: false } }],
    ['postgres://h?sslmode=no-verify', { tls: { ssl: { rejectUnauthorized: false } } }],
    [`postgres://h?sslrootcert=${certificate}`, { tls: { ssl: { ca: 'PEM' } } }],
    ['postgres://h?sslrootcert=system', { tls: { ssl: {} } }],
    [
      `postgres://h?sslmode=verify-full&sslcert=${certificate}&sslkey=${certificate}`,
      { tls: { ssl: { cert: 'PEM', key: 'PEM' } } },
    ],
    [
      'postgres://h?sslmode=require&sslnegotiation=direct&channel_binding=require',
      { tls: { ssl: {}, sslnegotiation: 'direct', enableChannelBinding: true } },
    ],
  ]
  for (const [url, expected] of rows) {
    test(url.replace(directory, ''), () => {
      const target = parsePostgresUrl(url)
      assert.partialDeepStrictEqual(target, expected)
      if ('tls' in expected) assert.deepEqual(target.tls, expected.tls)
    })
  }

  test('verify-ca checks the chain and not the name', () => {
    const { tls } = parsePostgresUrl(`postgres://h?sslmode=verify-ca&sslrootcert=${certificate}`)
    const { ca, checkServerIdentity, rejectUnauthorized } = tls.ssl || {}
    assert.equal(ca, 'PEM')
    assert.equal(rejectUnauthorized, undefined)
    assert.equal(checkServerIdentity?.('another', {} as never), undefined)
  })
})

describe('a mistake is named, and no part of the URL is repeated', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['canary', /^must be a postgres:\/\/ URL/],
    ['', /^must be a postgres:\/\/ URL/],
    ['mysql://canary@h/d', /^must be a postgres:\/\/ URL/],
    ['postgres://u:canary#x@h/d', /percent-encoded/],
    ['postgres://u:1/canary@h/d', /percent-encoded/],
    ['postgres://u:%canary@h/d', /percent-encoded/],
    ['postgres://u:canary%00@h/d', /percent-encoded/],
    ['postgres://h/canary%', /percent-encoded/],
    ['postgres://u:canary/x', /^must name each host/],
    ['postgres://u:1?canary@h/d', /a parameter that is not known; known are: host, port/],
    ['postgres://h?canary=1', /a parameter that is not known/],
    ['postgres://h:65536', /^must name each host/],
    ['postgres://h:0', /^must name each host/],
    ['postgres://a:1:2', /^must name each host/],
    ['postgres://2001:db8::1/d', /^must name each host/],
    ['postgres://[::1/d', /^must name each host/],
    ['postgres://can ary/d', /^must name each host/],
    ['postgres:///d?host=a,b,c&port=1,canary,2', /^must name each host/],
    ['postgres://h?connect_timeout=canary', /whole number of seconds in connect_timeout/],
    ['postgres://h?target_session_attrs=canary', /any, read-write, primary/],
    ['postgres://h?target_session_attrs=standby', /a standby cannot do/],
    ['postgres://h?target_session_attrs=prefer-standby', /a standby cannot do/],
    ['postgres://h?target_session_attrs=read-only', /a standby cannot do/],
    ['postgres://h?sslmode=canary', /one of disable, require/],
    ['postgres://h?sslmode=prefer', /goes on without encryption/],
    ['postgres://h?sslmode=allow', /goes on without encryption/],
    ['postgres://h?sslmode=verify-ca', /name the authority in sslrootcert/],
    ['postgres://h?sslmode=verify-ca&sslrootcert=system', /name the authority in sslrootcert/],
    ['postgres://h?sslrootcert=/canary', /in sslrootcert that cannot be read/],
    ['postgres://h?sslcert=/canary', /in sslcert that cannot be read/],
    ['postgres://h?sslkey=/canary', /in sslkey that cannot be read/],
    ['postgres://h?ssl=canary', /true or false in ssl/],
    ['postgres://h?sslmode=require&sslnegotiation=canary', /postgres or direct/],
    ['postgres://h?sslnegotiation=direct', /must have an sslmode/],
    ['postgres://h?channel_binding=canary', /disable, prefer or require/],
  ]
  for (const [url, expected] of rows) {
    test(url, () => {
      const problems = postgresUrlProblems(url)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems.join(), expected)
      assert.doesNotMatch(problems.join(), /canary/)
      assert.throws(
        () => parsePostgresUrl(url),
        (error) =>
          error instanceof ConfigError && error.message === `The URL of the database ${problems}.`,
      )
    })
  }

  test('all of them at once', () => {
    const url = 'postgres://h:x?sslmode=x&connect_timeout=x&target_session_attrs=x&x=x'
    assert.equal(postgresUrlProblems(url).length, 5)
  })
})

function hostsOf(...hosts: readonly (readonly [string, number])[]): object {
  return { hosts: hosts.map(([host, port]) => ({ host, port })) }
}
