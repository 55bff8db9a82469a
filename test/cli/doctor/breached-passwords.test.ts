import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkBreachedPasswords } from '../../../src/cli/doctor/breached-passwords.ts'
import type { BreachedPasswords } from '../../../src/core/passwords/breach-check.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import {
  type BreachServer,
  listOf,
  rangeLine,
  startBreachServer,
} from '../../core/passwords/breach-server.ts'

let server: BreachServer
let directory: string
before(async () => {
  server = await startBreachServer()
  directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
})
after(async () => {
  rmSync(directory, { recursive: true })
  await server.close()
})

/** The statuses, and all that is said. */
async function examine(breachedPasswords: BreachedPasswords | undefined): Promise<string> {
  const findings = await checkBreachedPasswords({
    config: { ...readConfig({}), breachedPasswords },
    inspection: null,
    databaseFailure: null,
    targetTime: undefined,
    sendTo: undefined,
    now: 0,
  })
  return findings.map(({ status, finding }) => `${status}: ${finding}`).join('\n')
}

function write(text: string): BreachedPasswords {
  const file = join(directory, 'pwned.txt')
  writeFileSync(file, text)
  return { file }
}

test('without a list there is nothing to say', async () => {
  assert.equal(await examine(undefined), '')
})

test('a list that knows the most common password is good, online or as a file', async () => {
  server.answerLines(rangeLine('password', 9))
  assert.match(await examine({ url: server.url }), /^ok: /)
  assert.match(await examine(write(listOf(['password', 'other']))), /^ok: /)
})

test('a list that does not know it, or cannot be asked, is a warning that says why', async () => {
  assert.match(await examine(write(listOf(['other']))), /^warning: .* is not whole/)
  server.answer((response) => response.writeHead(500).end())
  assert.match(await examine({ url: server.url }), /^warning: .* answered 500, not 200/)
})

test('a file that the server would refuse is a problem', async () => {
  assert.match(await examine(write('<html>')), /^problem: .* must have a SHA-1/)
  const file = join(directory, 'nothing.txt')
  assert.match(await examine({ file }), /^problem: .* cannot be read/)
})
