import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import type { FirebaseParameters } from '../core/passwords/formats/firebase-scrypt.ts'
import type { ImportCounts, ImportEntry, RefusedEntry } from '../core/users/user-import.ts'
import { CommandFailure } from './exit-code.ts'
import { cannotRead, cannotWrite } from './file-failure.ts'
import { decodeWhole } from './import/decode-text.ts'
import { firebaseColumns, parseFirebaseParameters } from './import/firebase.ts'
import { type Input, openInput } from './import/input.ts'
import { createMapper, type EntryMapper, type Source, sources } from './import/mappings.ts'
import { type Format, formats, readEntries } from './import/read-file.ts'
import { withAuth } from './with-auth.ts'

interface Options {
  readonly format?: Format
  readonly from?: Source
  readonly role?: string
  readonly firebaseHashConfig?: string
  readonly errors?: string
  readonly update?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** So many refusals are said; all of them are counted, and written to the file of `--errors`. */
const mostSaid = 20

/** `portcullis user import`: users of an older system, with the hashes of their passwords. */
export function importCommand(): Command {
  return new Command('import')
    .description('create the users of an older system, who keep their passwords')
    .addArgument(new Argument('<file>', 'the export, or - for standard input'))
    .addOption(
      new Option('--format <format>', 'how it is written; default: by the name').choices(formats),
    )
    .addOption(
      new Option(
        '--from <system>',
        'system that made the export; default: told by its fields',
      ).choices(sources),
    )
    .option('--role <role>', 'role of those that name none')
    .option('--firebase-hash-config <file>', 'the "password hash parameters" of the project')
    .option('--errors <file>', 'write each refused entry there, as JSON lines')
    .option('--update', 'change users who are there already, but no password that was renewed here')
    .option('--dry-run', 'check and count, and change nothing')
    .option('--json', 'print the counts as JSON')
    .action(importFile)
}

async function importFile(path: string, options: Options): Promise<void> {
  const parameters = readParameters(options.firebaseHashConfig)
  const interrupt = new AbortController()
  const input = await openInput(path, options.format, interrupt.signal)
  const mapper = createMapper(options.from, parameters)
  const columns = options.from === 'firebase' ? firebaseColumns : undefined
  const refusals = openRefusals(options.errors)
  const onInterrupt = (): void => interrupt.abort()
  // The batch that is being written is finished first. A second Ctrl-C ends the process.
  process.once('SIGINT', onInterrupt)
  try {
    await withAuth(async ({ users }, by) => {
      const entries = readEntries(input.chunks, input.format, columns)
      const { role, update, dryRun } = options
      const counts = await users.importUsers(mapped(entries, mapper), {
        role,
        update,
        dryRun,
        by,
        signal: interrupt.signal,
        onRefused: refusals.add,
        onProgress: (sofar) => showProgress(sofar, input),
      })
      clearProgress()
      refusals.sayMore()
      report(counts, options)
      sayUnread(mapper.unreadFields())
      if (interrupt.signal.aborted) {
        throw new CommandFailure('interrupted', 'Interrupted: run it again for the rest.')
      }
      sayIfNothing(counts, input)
      if (counts.refused > 0) {
        throw new CommandFailure('data', `${counts.refused} entries were refused.`)
      }
    })
  } finally {
    process.removeListener('SIGINT', onInterrupt)
    refusals.close()
  }
}

async function* mapped(
  entries: ReturnType<typeof readEntries>,
  { map }: EntryMapper,
): AsyncGenerator<ImportEntry> {
  for await (const entry of entries) yield map(entry)
}

/** Without a user in it the file is mostly another than was meant. An export of no users is none that is wrong. */
function sayIfNothing({ created, updated, skipped, refused }: ImportCounts, input: Input): void {
  if (created + updated + skipped + refused > 0) return
  if (input.isEmpty()) throw new CommandFailure('data', 'There is nothing in the file.')
  console.error('There is no user in the file.')
}

function sayUnread(fields: readonly string[]): void {
  if (fields.length === 0) return
  console.error(
    `Nothing was read of the fields ${fields.join(', ')}: docs/importing-users.md lists those that are read.`,
  )
}

function readParameters(path: string | undefined): FirebaseParameters | undefined {
  if (path === undefined) return undefined
  let text = ''
  try {
    text = decodeWhole(readFileSync(path))
  } catch (error) {
    throw cannotRead(path, error)
  }
  const parameters = parseFirebaseParameters(text)
  if (parameters !== null) return parameters
  throw new CommandFailure(
    'usage',
    `${path} must name algorithm SCRYPT, base64_signer_key, base64_salt_separator, rounds and mem_cost.`,
  )
}

interface Refusals {
  add(entry: RefusedEntry): void
  sayMore(): void
  close(): void
}

/** Says refusals on standard error, and writes them to a file that only its owner reads. */
function openRefusals(path: string | undefined): Refusals {
  let said = 0
  let file: number | undefined
  try {
    file = path === undefined ? undefined : openSync(path, 'w', 0o600)
  } catch (error) {
    throw cannotWrite(String(path), error)
  }
  return {
    add({ line, username, problem }) {
      if (file !== undefined) writeSync(file, `${JSON.stringify({ line, username, problem })}\n`)
      if (++said > mostSaid) return
      clearProgress()
      // Quoted, so that a name from a file cannot move the cursor of the operator's terminal.
      const who = username === undefined ? '' : ` (${JSON.stringify(username)})`
      console.error(`Entry ${line}${who}: ${problem}`)
    },
    sayMore() {
      if (said > mostSaid) {
        const all = path === undefined ? 'give --errors FILE for all' : `all are in ${path}`
        console.error(`… and ${said - mostSaid} more: ${all}.`)
      }
    },
    close() {
      if (file !== undefined) closeSync(file)
    },
  }
}

function report(counts: ImportCounts, options: Options): void {
  const { json = false, update = false, dryRun = false } = options
  if (json) {
    console.log(JSON.stringify({ ...counts, dryRun }))
    return
  }
  const { created, withoutPassword, updated, passwordKept, skipped, refused } = counts
  const done = dryRun ? 'Would create' : 'Created'
  const without = withoutPassword === 0 ? '' : ` (${withoutPassword} without a password)`
  const others = update
    ? `updated ${updated}, skipped ${skipped} who are as the file says`
    : `skipped ${skipped} whose username is taken`
  console.log(`${done} ${created} users${without}, ${others}, refused ${refused}.`)
  if (passwordKept > 0) {
    console.log(`The passwords of ${passwordKept} stay: they were set or renewed here.`)
  }
}

/** One line that is written over, for people; nothing in a pipe. */
function showProgress(counts: ImportCounts, { progress }: Input): void {
  const { created, updated, skipped, refused } = counts
  if (!process.stderr.isTTY) return
  const { done, size } = progress()
  const part = size === 0 ? '' : `${Math.floor((100 * done) / size)} %  `
  process.stderr.write(
    `\r\u001b[K${part}${created + updated + skipped + refused} users: ${created} created, ${updated} updated, ${skipped} skipped, ${refused} refused`,
  )
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}
