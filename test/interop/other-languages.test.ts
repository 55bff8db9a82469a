// Clients in other languages, by https, with nothing of ours in them: Authlib in Python, go-oidc in Go. Each is run
// where its packages are installed, and else skipped: `pip install authlib requests`, with PYTHON for the
// interpreter; `go mod download` in test/interop/go.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import {
  callback,
  clientSecret,
  type LoginServer,
  logIn,
  startLoginServer,
} from './login-server.ts'

const run = promisify(execFile)
const { PYTHON: python = 'python3' } = process.env
const folder = import.meta.dirname

const directory = mkdtempSync(join(tmpdir(), 'portcullis-interop-'))
const certificates = join(directory, 'certificate.pem')
let server: LoginServer

before(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...{ keyType: 'ec', algorithm: 'sha256' },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  writeFileSync(certificates, cert)
  setDefaultCACertificates([...getCACertificates('default'), cert])
  const web = { id: 'web', name: 'Web', secret: clientSecret, redirectUris: [callback] }
  server = await startLoginServer([web], { tls: { key, cert } })
})

after(async () => {
  await server?.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Starts the client, logs Alice in where it says, and tells it where she came back to; what it says then. */
async function converse(command: string, words: readonly string[]): Promise<unknown> {
  const child = spawn(command, [...words, server.issuer, 'web', clientSecret, callback], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, REQUESTS_CA_BUNDLE: certificates, SSL_CERT_FILE: certificates },
  })
  const ended = once(child, 'close')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const { value: url } = await lines.next()
  const arrival = await logIn(server.browser(), new URL(String(url)))
  child.stdin.end(`${arrival.url.href}\n`)
  const { value: said } = await lines.next()
  const [code] = await ended
  assert.equal(code, 0)
  return JSON.parse(String(said))
}

const alice = async (): Promise<unknown> => ({
  sub: (await server.auth.users.findByUsername('alice'))?.id,
  ...{ username: 'alice', email: 'alice@example.com' },
})

test('Authlib logs a user in by discovery, code and PKCE (OP-95)', async (t) => {
  const modules = await run(python, ['-c', 'import authlib, joserfc, requests']).catch(() => null)
  if (modules === null) return t.skip(`${python} has no authlib and requests`)
  assert.deepEqual(await converse(python, [join(folder, 'python/client.py')]), await alice())
})

test('go-oidc logs a user in by discovery, code and PKCE (OP-95)', async (t) => {
  const program = join(directory, 'client')
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' }
  const options = { cwd: join(folder, 'go'), env }
  const built = await run('go', ['build', '-o', program, '.'], options).catch((e: Error) => e)
  if (built instanceof Error) return t.skip(`go cannot build the client: ${built.message}`)
  assert.deepEqual(await converse(program, []), await alice())
})
