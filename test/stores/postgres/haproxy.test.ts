// An older primary that lives on, behind HAProxy with the settings that the documents show.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { freePort, startPostgresOrSkip } from '../postgres-server.ts'
import { untilDone } from '../until-done.ts'
import { ask, startTwoPrimaries } from './two-primaries.ts'

const missing =
  spawnSync('haproxy', ['-v']).status === 0
    ? false
    : 'not checked: the program haproxy is not installed'
const { server, skip } =
  missing === false ? await startPostgresOrSkip() : { server: undefined, skip: missing }
after(() => server?.remove())

const documented = readFileSync(new URL('../../../deploy/haproxy.cfg', import.meta.url), 'utf8')

/** Says whether a server is the primary, as Patroni does. */
async function startPatroni(t: TestContext, isPrimary: () => boolean): Promise<number> {
  const patroni = createServer(({ url }, response) => {
    response.writeHead(url === '/primary' && isPrimary() ? 200 : 503).end()
  })
  patroni.listen(0, '127.0.0.1')
  await once(patroni, 'listening')
  t.after(() => patroni.close())
  return (patroni.address() as AddressInfo).port
}

/** Starts it with the documented file, but for its servers. Returns its port. */
async function startHaproxy(t: TestContext, servers: readonly string[]): Promise<number> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-haproxy-'))
  const file = join(directory, 'haproxy.cfg')
  const lines = documented
    .replace('127.0.0.1:5000', `127.0.0.1:${port}`)
    .replace(/(^ +server .*\n)+/m, servers.map((line) => `    server ${line}\n`).join(''))
  writeFileSync(file, lines)
  const program = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  const exit = once(program, 'exit')
  t.after(async () => {
    program.kill('SIGKILL')
    await exit
    rmSync(directory, { recursive: true, force: true })
  })
  return port
}

describe('behind HAProxy', { skip, timeout: 120_000 }, () => {
  test('all go to the server that Patroni calls the primary, though the other lives on (DD-07)', async (t) => {
    const servers = await startTwoPrimaries()
    t.after(() => servers.remove())
    let primary: 'older' | 'newer' = 'older'
    const lines: string[] = []
    for (const name of ['older', 'newer'] as const) {
      const health = await startPatroni(t, () => primary === name)
      lines.push(`${name} 127.0.0.1:${servers[name].port} check port ${health}`)
    }
    const port = await startHaproxy(t, lines)
    const url = `postgres://postgres:postgres@127.0.0.1:${port}/app`
    let store = postgres(url)
    t.after(() => store.close())
    await untilDone(() => {
      // One that could not be opened is closed.
      store = postgres(url)
      return store.open()
    })
    const user = aUser()
    const session = aSession(user, { expiresAt: 4_000_000_000 })
    await store.users.create(user)
    await store.sessions.create(session)
    assert.ok((await store.findSubject(user.id, session.id))?.sessionStamp)

    const created = async () => {
      const next = aUser()
      await untilDone(() => store.users.create(next))
      return next
    }

    await servers.promote()
    await ask(servers.newer, 'update sessions set revoked_at = 1')
    primary = 'newer'
    const arrives = async (): Promise<boolean> => {
      const { id } = await created()
      return (await ask(servers.newer, `select from users where id = '${id}'`)).length > 0
    }
    while (!(await arrives())) await turn()
    assert.equal(await arrives(), true)
    assert.equal((await store.findSubject(user.id, session.id))?.sessionStamp, null)
  })
})
