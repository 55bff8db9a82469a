import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { makeUser } from '../../rows.ts'
import { runCommand } from '../processes.ts'
import { type Row, withCleanup } from './row.ts'

const command = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** The users of an older system with their bcrypt hashes, by the command that people would use. */
export const userImport: Row = {
  title: 'import of users, SQLite',
  measure: ({ users }) =>
    withCleanup(async (onEnd) => {
      const directory = await mkdtemp(join(tmpdir(), 'portcullis-import-'))
      onEnd(() => rm(directory, { recursive: true }))
      const file = join(directory, 'users.jsonl')
      await pipeline(Readable.from(lines(users)), createWriteStream(file))
      const began = performance.now()
      const printed = await runCommand(
        [process.execPath, command, 'user', 'import', file, '--json'],
        'anywhere',
        { DATA_DIR: join(directory, 'data') },
      )
      const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
      const { created } = JSON.parse(printed)
      if (created !== users) throw new Error(`${created} of ${users} users were imported.`)
      return {
        figures: { [`${users.toLocaleString('en')} users with bcrypt hashes`]: { seconds } },
      }
    }),
}

function* lines(count: number): Generator<string> {
  for (let number = 0; number < count; number++) {
    const { username, createdAt } = makeUser({ number, of: count })
    // The alphabet of bcrypt, and its length: a salt of 22 characters and a digest of 31.
    const text = randomBytes(40).toString('base64').replaceAll('+', '.').slice(0, 52)
    const passwordHash = `$2b$12$${text.slice(0, 21)}e${text.slice(21)}`
    yield `${JSON.stringify({ username, passwordHash, createdAt })}\n`
  }
}
