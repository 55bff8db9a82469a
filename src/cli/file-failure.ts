import { CommandFailure } from './exit-code.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no directory',
  EISDIR: 'it is a directory',
  EEXIST: 'it is there already: remove it, or name another file',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'its disk is read-only',
  ENOSPC: 'the disk is full',
}

function reasonOf(error: unknown): string {
  const { code = 'an unknown error' } = Object(error) as { code?: string }
  return reasons[code] ?? code
}

/** Says why a file that is named on the command line cannot be read. */
export function cannotRead(path: string, error: unknown): CommandFailure {
  return new CommandFailure('input', `Cannot read ${path}: ${reasonOf(error)}.`)
}

/** Says why a file that is named on the command line cannot be written. */
export function cannotWrite(path: string, error: unknown): CommandFailure {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  const reason = isMissing ? 'its directory is not there' : reasonOf(error)
  return new CommandFailure('output', `Cannot write ${path}: ${reason}.`)
}
