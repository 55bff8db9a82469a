import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sqlite } from '../../src/stores/sqlite.ts'

const rounds = 10
const writer = fileURLToPath(new URL('./write-until-killed.ts', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'portcullis-kill-'))
after(() => rmSync(directory, { recursive: true, force: true }))

interface Acknowledged {
  readonly user: string
  readonly session: string
  readonly generation: number
}

/** Writes until so many writes were acknowledged, then kills the process in the middle of more. */
async function writeAndKill(path: string, lines: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL')
  // What follows the last end of a line was cut off.
  const whole = output.slice(0, output.lastIndexOf('\n'))
  return whole.split('\n').map((line) => JSON.parse(line))
}

test(`what was acknowledged survives kill -9, ${rounds} times (DD-01)`, async () => {
  const path = join(directory, 'portcullis.db')
  const acknowledged: Acknowledged[] = []
  for (let round = 0; round < rounds; round++) {
    acknowledged.push(...(await writeAndKill(path, 1 + round * 7)))

    const database = new DatabaseSync(path)
    assert.deepEqual(
      { ...database.prepare('pragma integrity_check').get() },
      { integrity_check: 'ok' },
    )
    assert.deepEqual(database.prepare('pragma foreign_key_check').all(), [])
    database.close()

    const store = sqlite(path)
    await store.open()
    const newest = new Map<string, number>()
    for (const { user, session, generation } of acknowledged) {
      assert.ok(await store.users.findById(user), 'an acknowledged user is gone')
      newest.set(session, generation)
    }
    for (const [id, generation] of newest) {
      const found = (await store.sessions.find(id))?.generation ?? -1
      // At most one rotation was on its way when the process was killed.
      assert.ok(found === generation || found === generation + 1, `${found} after ${generation}`)
    }
    await store.close()
  }
})
