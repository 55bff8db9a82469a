import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import pg from 'pg'
import { generate } from 'selfsigned'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { StoreError } from '../../../src/stores/store-error.ts'
import { type PostgresServer, startPostgres } from '../postgres-server.ts'

const files = mkdtempSync(join(tmpdir(), 'portcullis-tls-'))
function write(name: string, text: string): string {
  const path = join(files, name)
  writeFileSync(path, text)
  return path
}

const authority = await authorityNamed('Authority')
const ca = write('ca.pem', authority.cert)
const otherCa = write('other.pem', (await authorityNamed('Another')).cert)
const client = await issue('postgres', [])
const identity = `sslcert=${write('client.pem', client.cert)}&sslkey=${write('client.key', client.private)}`

let server: PostgresServer | undefined
let plain: PostgresServer | undefined
let skip: string | false = false
try {
  const { cert, private: key } = await issue('localhost', ['localhost'])
  server = await startPostgres({
    flags: ['-c', 'ssl=on', '-c', 'ssl_ca_file=root.crt'],
    prepare(directory) {
      writeFileSync(join(directory, 'server.crt'), cert)
      writeFileSync(join(directory, 'server.key'), key)
      writeFileSync(join(directory, 'root.crt'), authority.cert)
      chmodSync(join(directory, 'server.key'), 0o600)
      // All is encrypted; one database takes a certificate in the place of a password.
      const rules = ['hostssl template1 all all cert', 'hostssl all all all password']
      writeFileSync(join(directory, 'pg_hba.conf'), `${rules.join('\n')}\n`)
    },
  })
  plain = await startPostgres()
} catch (error) {
  skip = `not checked: PostgreSQL does not start here (${error})`
}
after(async () => {
  await server?.remove()
  await plain?.remove()
  rmSync(files, { recursive: true, force: true })
})

interface Issued {
  readonly cert: string
  readonly private: string
}

async function authorityNamed(name: string): Promise<Issued> {
  return await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
}

async function issue(name: string, hosts: readonly string[]): Promise<Issued> {
  return await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      ...(hosts.length > 0
        ? [
            {
              name: 'subjectAltName' as const,
              altNames: hosts.map((value) => ({ type: 2 as const, value })),
            },
          ]
        : []),
    ],
  })
}

describe('TLS to a PostgreSQL server', { skip }, () => {
  const urlOf = (parameters: string, host = 'localhost', database = 'postgres') =>
    `postgres://postgres:postgres@${host}:${server?.port}/${database}?${parameters}`

  /** Whether a store with this URL talks to the server by TLS. */
  async function encrypts(url: string): Promise<boolean> {
    const store = postgres(url)
    await store.open()
    await store.check()
    const operator = new pg.Client({
      host: 'localhost',
      port: server?.port,
      user: 'postgres',
      password: 'postgres',
      ssl: { ca: authority.cert },
    })
    await operator.connect()
    const { rows } = await operator.query(
      "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'tls'",
    )
    await operator.end()
    await store.close()
    return rows.length > 0 && rows.every(({ ssl }) => ssl === true)
  }

  async function refusal(url: string): Promise<string> {
    try {
      await postgres(url).open()
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error))
      assert.doesNotMatch(error.message, /:postgres@|\n/)
      return `${error.code}: ${error.message}`
    }
    assert.fail('it was opened')
  }

  for (const parameters of [
    `sslmode=verify-full&sslrootcert=${ca}`,
    `sslmode=require&sslrootcert=${ca}`,
    `sslrootcert=${ca}`,
    `sslmode=verify-full&sslrootcert=${ca}&sslnegotiation=direct`,
    `sslmode=verify-full&sslrootcert=${ca}&channel_binding=prefer`,
    'sslmode=no-verify',
  ]) {
    test(`${parameters.replaceAll(files, '')} encrypts`, async () => {
      assert.ok(await encrypts(urlOf(`application_name=tls&${parameters}`)))
    })
  }

  test('verify-ca accepts another name, which verify-full does not', async () => {
    const parameters = `application_name=tls&sslrootcert=${ca}`
    assert.ok(await encrypts(urlOf(`${parameters}&sslmode=verify-ca`, '127.0.0.1')))
    assert.match(
      await refusal(urlOf(`${parameters}&sslmode=verify-full`, '127.0.0.1')),
      /^no_tls: .*127\.0\.0\.1:\d+ .* certificate is for another name: use that name in the URL/,
    )
  })

  test('a certificate of the client is shown, and is asked for', async () => {
    const parameters = `application_name=tls&sslmode=verify-full&sslrootcert=${ca}`
    assert.ok(await encrypts(urlOf(`${parameters}&${identity}`, 'localhost', 'template1')))
    assert.match(await refusal(urlOf(parameters, 'localhost', 'template1')), /^access_denied: /)
  })

  test('a certificate of an unknown authority is refused, in a sentence that says what to do', async () => {
    for (const parameters of [`sslrootcert=${otherCa}`, 'sslmode=require', 'ssl=true']) {
      assert.match(
        await refusal(urlOf(parameters)),
        /^no_tls: .*certificate is not trusted \(\w+\): name the authority that issued it in sslrootcert\.$/,
      )
    }
  })

  test('a server that wants TLS refuses a connection without it and says so', async () => {
    assert.match(await refusal(urlOf('sslmode=disable')), /^access_denied: .*may want an sslmode/)
  })

  test('a connection that wants TLS refuses a server without it', async () => {
    for (const parameters of ['sslmode=require', 'sslmode=verify-full', 'sslmode=no-verify']) {
      assert.match(
        await refusal(
          `postgres://postgres:postgres@localhost:${plain?.port}/postgres?${parameters}`,
        ),
        /^no_tls: .*does not offer TLS, which the URL asks for: switch it on there/,
      )
    }
  })
})
