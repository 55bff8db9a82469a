import { chmodSync, type Stats, statSync } from 'node:fs'
import { StoreError } from './store-error.ts'

/** What a group, or everybody, must not be able to do: to read or write a file, to change a directory. */
const closed = { file: 0o077, directory: 0o022 } as const
const everybody = 0o007
/** In a directory with this mode, such as `/tmp`, no user can replace another user's files. */
const sticky = 0o1000

/**
 * Closes a file or directory with our data to other users, if it is there: deployments change modes
 * (`fsGroup` of Kubernetes, restored backups). Warns of what it has changed, and of a group that it could
 * not keep out (`process.emitWarning`).
 *
 * @throws {StoreError} `unsafe_file` if every user can still read or change it.
 */
export function closeToOthers(path: string): void {
  const before = openBits(path)
  if (before === 0) return
  const { uid, mode } = statSync(path)
  if (uid === process.geteuid?.()) tryToChange(path, mode & ~before)
  const open = openBits(path)
  if (open === 0) {
    warn(
      `Other users could read or change ${path}: it is closed to them now. If somebody may have read a key there, rotate the keys.`,
    )
  } else if ((open & everybody) === 0) {
    warn(`The group of ${path} can read or change it: run chmod g-rwx on it, as its owner.`)
  } else {
    throw new StoreError(
      'unsafe_file',
      `Every user of this machine can read or change ${path}, and this user may not close it: run chmod go-rwx on it as its owner, or mount it with a mode that does so.`,
    )
  }
}

/** The bits of the mode by which others can do what they must not; 0 without a file. */
export function openBits(path: string): number {
  if (process.platform === 'win32') return 0
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.mode & closed.file
  return (found.mode & sticky) === 0 ? found.mode & closed.directory : 0
}

function tryToChange(path: string, mode: number): void {
  try {
    chmodSync(path, mode & 0o7777)
  } catch {
    // A file system that is read-only, or has no modes: what it says is looked at again.
  }
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'PortcullisWarning', code: 'PORTCULLIS_FILE_MODE' })
}
