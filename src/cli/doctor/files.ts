import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { databaseFile } from '../../server/inspect-database.ts'
import { settings } from '../../server/settings/settings.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('data-directory')
const disk = findingsOf('disk')
const secretFiles = findingsOf('secret-files')

/** The data directory can be written, and no other user can read its files. */
export function checkDataDirectory({ config }: Subject): readonly Finding[] {
  const { dataDirectory, databaseUrl } = config
  if (!existsSync(dataDirectory)) {
    const parent = existingAbove(dataDirectory)
    if (!isWritable(parent)) {
      const finding = `${dataDirectory} does not exist, and ${parent} cannot be written.`
      return [problem(finding, 'Make it, owned by this user, with mode 0700; or set DATA_DIR.')]
    }
    return [ok(`${dataDirectory} does not exist yet: \`serve\` makes it, with mode 0700.`)]
  }
  if (!isWritable(dataDirectory)) {
    const finding = `${dataDirectory} cannot be written by this user.`
    return [problem(finding, 'Run doctor as the user of the server, or change the owner.')]
  }
  const database = databaseFile(dataDirectory)
  const files = databaseUrl === undefined ? [database, `${database}-wal`, `${database}-shm`] : []
  const open = [dataDirectory, ...files].filter(isOpenToOthers)
  if (open.length === 0) return [ok(`${dataDirectory} can be written, and by this user alone.`)]
  // A directory that no other user may enter protects its files.
  if (!open.includes(dataDirectory)) return [ok(`${dataDirectory} is closed to other users.`)]
  const readable = open.length > 1
  return [
    (readable ? problem : warning)(
      readable
        ? `Other users of this machine can read ${open.slice(1).join(', ')}, with its hashes.`
        : `Other users of this machine can see what is in ${dataDirectory}.`,
      `Run chmod 700 ${dataDirectory}${readable ? ` and chmod 600 ${open.slice(1).join(' ')}` : ''}.`,
    ),
  ]
}

/** Files of the configuration that hold secrets cannot be read by other users. */
export function checkSecretFiles(
  environment: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const named = settings.flatMap(({ name, secret }) => {
    const path = environment[`${name}_FILE`]
    return secret && path ? [path] : []
  })
  const open = ['.env', ...named].filter((path) => existsSync(path) && isOpenToOthers(path))
  return open.map((path) =>
    secretFiles.warning(
      `${path} can be read by other users of this machine.`,
      `If it holds a secret, run chmod 600 ${path}; else there is nothing to do.`,
    ),
  )
}

const mebibyte = 1024 * 1024

/** There is room for the data to grow. */
export function checkDisk({ config }: Subject): readonly Finding[] {
  const place = existingAbove(config.dataDirectory)
  const { bavail, blocks, bsize } = statfsSync(place)
  const free = (bavail * bsize) / mebibyte
  const size = free >= 1024 ? `${(free / 1024).toFixed(1)} GiB` : `${free.toFixed(0)} MiB`
  const finding = `${size} are free where ${config.dataDirectory} is.`
  // Of PostgreSQL only a key is kept here.
  const needs = config.databaseUrl === undefined ? 1 : 0.1
  const advice = 'Make room, or move DATA_DIR to another disk: with a full one every login fails.'
  if (free < 100 * needs) return [disk.problem(finding, advice)]
  if (free < 1024 * needs || bavail < blocks * 0.02 * needs) return [disk.warning(finding, advice)]
  return [disk.ok(finding)]
}

function existingAbove(path: string): string {
  const absolute = resolve(path)
  return existsSync(absolute) ? absolute : existingAbove(dirname(absolute))
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isOpenToOthers(path: string): boolean {
  if (process.platform === 'win32') return false
  const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return (mode & 0o077) !== 0
}
