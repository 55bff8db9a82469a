// The programs of docs/other-services.md, in other languages: which tokens they take.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createDirectory } from '../cli/process.ts'
import { root } from '../house/sources.ts'

const page = readFileSync(join(root, 'docs/other-services.md'), 'utf8')

/** The program of the page in a language. */
function programOf(language: string): string {
  const [, program] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page) ?? []
  assert.ok(program)
  return program
}

const { publicKey, privateKey } = await generateKeyPair('ES256')
const stranger = await generateKeyPair('ES256')
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' }] }
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks))
})
let issuer: string

before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => server.close())

/** A token as the server makes them, but for what is given. */
async function token(claims: object = {}, typ = 'at+jwt', key = privateKey): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const all = { iss: issuer, aud: issuer, sub: 'alice', iat, exp: iat + 900, jti: '1', ...claims }
  return await new SignJWT({ client_id: 'first-party', scope: 'users:read stats:read', ...all })
    .setProtectedHeader({ alg: 'ES256', typ, kid: 'ours' })
    .sign(key)
}

/** Runs a program once for each token. */
async function judge(command: string, words: readonly string[], cwd: string): Promise<void> {
  const answer = async (given: string): Promise<string> => {
    const env = { ...process.env, ISSUER: issuer }
    const { stdout } = await promisify(execFile)(command, [...words, given], { cwd, env })
    return stdout.split(/\s/, 2).join(' ')
  }
  const status = async (given: string): Promise<string> => (await answer(given)).slice(0, 3)
  assert.equal(await answer(await token()), '200 alice')
  assert.equal(await status(await token({ scope: '*' })), '403')
  assert.equal(await status(await token({ scope: 'stats:readers' })), '403')
  assert.equal(await status(await token({}, 'JWT')), '401')
  assert.equal(await status(await token({}, 'at+jwt', stranger.privateKey)), '401')
  assert.equal(await status(await token({ iss: 'https://else.example.com' })), '401')
  assert.equal(await status(await token({ aud: 'https://else.example.com' })), '401')
  assert.equal(await status(await token({ exp: 1_700_000_000 })), '401')
  assert.equal(await status(await token({ client_id: undefined })), '401')
}

const { PYTHON: python = 'python3' } = process.env
const hasPython = spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0

test('the program in Python takes an access token of ours that has the scope, and no other', {
  skip: hasPython ? false : 'not checked: there is no python3 with pyjwt[crypto] here',
}, async () => {
  const directory = createDirectory()
  writeFileSync(join(directory, 'check.py'), programOf('python'))
  await judge(python, ['check.py'], directory)
})

/** The program in Go, built from modules that are here already; null if they are not. */
function buildGo(): string | null {
  const directory = createDirectory()
  writeFileSync(join(directory, 'main.go'), programOf('go'))
  const modules = ['github.com/golang-jwt/jwt/v5 v5.3.1', 'github.com/MicahParks/keyfunc/v3 v3.9.2']
  const required = modules.map((module) => `require ${module}\n`).join('')
  writeFileSync(join(directory, 'go.mod'), `module check\n\ngo 1.25\n\n${required}`)
  const offline = { GOPROXY: 'off', GOSUMDB: 'off', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' }
  const env = { ...process.env, ...offline }
  const built = spawnSync('go', ['build', '-o', 'check', '.'], { cwd: directory, env })
  return built.status === 0 ? directory : null
}

test('the program in Go takes an access token of ours that has the scope, and no other', async (t) => {
  const directory = buildGo()
  if (directory === null) return t.skip('not checked: there is no Go with its modules here')
  await judge(join(directory, 'check'), [], directory)
})
