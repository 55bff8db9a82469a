import { closeSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  createKeyFile,
  nextOf,
  previousOf,
  readKeysBeside,
  readLines,
  writeDraft,
} from './key-file.ts'

/** Makes the next key of a file, if there is none. Processes that start from then on accept it. */
export function prepareKeyFile(path: string): void {
  if (!existsSync(nextOf(path))) createKeyFile(nextOf(path))
}

/**
 * Puts the next key of a file in its place, and keeps the one that was there. It may be stopped between any two
 * steps: each leaves a file with a key, and both keys beside it. Done again, it goes on.
 *
 * @throws {StoreError} `corrupt` if one of the files holds no key.
 */
export function replaceKeyFile(path: string): void {
  prepareKeyFile(path)
  // All of them are what they should be.
  readKeysBeside(path)
  // Read when there is a next key: who made the one before it has put that in its place by now.
  const known = existsSync(previousOf(path)) ? readLines(previousOf(path)) : []
  const kept = new Set([...readLines(path), ...known])
  const draft = writeDraft(previousOf(path), [...kept])
  renameSync(draft, previousOf(path))
  syncDirectoryOf(path)
  try {
    renameSync(nextOf(path), path)
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  syncDirectoryOf(path)
}

/** A rename survives a power failure when its directory is on the disk. Windows cannot wait for that. */
function syncDirectoryOf(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(dirname(path), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
