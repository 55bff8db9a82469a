import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { CommandFailure } from '../exit-code.ts'
import { type Format, formatOf } from './read-file.ts'
import type { Chunks } from './records.ts'

/** What is imported: a file, or standard input. */
export interface Input {
  readonly chunks: Chunks
  readonly format: Format
  /** Bytes read so far, of how many; 0 where nobody knows. */
  progress(): { readonly done: number; readonly size: number }
}

/**
 * Opens what is to be imported. The signal ends it, also while it waits.
 *
 * @throws {CommandFailure} if the file cannot be read.
 */
export async function openInput(
  path: string,
  format: Format | undefined,
  signal: AbortSignal,
): Promise<Input> {
  if (path === '-') {
    process.stdin.setEncoding('utf8')
    return {
      chunks: readable(process.stdin, 'standard input', signal),
      format: format ?? 'jsonl',
      progress: () => ({ done: 0, size: 0 }),
    }
  }
  try {
    const file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0)
    const beginning = buffer.toString('utf8', 0, bytesRead)
    await file.close()
    const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })
    return {
      chunks: readable(stream, path, signal),
      format: format ?? formatOf(path, beginning),
      progress: () => ({ done: stream.bytesRead, size }),
    }
  } catch (error) {
    throw cannotRead(path, error)
  }
}

async function* readable(
  stream: Readable,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    yield* addAbortSignal(signal, stream)
  } catch (error) {
    if (!signal.aborted) throw cannotRead(path, error)
  }
}

function cannotRead(path: string, error: unknown): CommandFailure {
  const { code } = error as NodeJS.ErrnoException
  return new CommandFailure('input', `Cannot read ${path}: ${code}.`)
}
