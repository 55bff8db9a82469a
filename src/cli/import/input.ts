import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { cannotRead } from '../file-failure.ts'
import { decodeText, decodeWhole } from './decode-text.ts'
import { type Format, formatOf } from './read-file.ts'
import type { Chunks } from './records.ts'

/** What is imported: a file, or standard input. */
export interface Input {
  readonly chunks: Chunks
  readonly format: Format
  /** True until something else than blanks and ends of lines was read. */
  isEmpty(): boolean
  /** Bytes read so far, and bytes in all. `size` is 0 if it is not known. */
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
    return {
      ...textOf(readable(process.stdin, 'standard input', signal)),
      format: format ?? 'jsonl',
      progress: () => ({ done: 0, size: 0 }),
    }
  }
  try {
    const file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0)
    const beginning = decodeWhole(buffer.subarray(0, bytesRead))
    await file.close()
    const stream = createReadStream(path, { highWaterMark: 256 * 1024 })
    return {
      ...textOf(readable(stream, path, signal)),
      format: format ?? formatOf(path, beginning),
      progress: () => ({ done: stream.bytesRead, size }),
    }
  } catch (error) {
    throw cannotRead(path, error)
  }
}

function textOf(bytes: AsyncIterable<Buffer>): Pick<Input, 'chunks' | 'isEmpty'> {
  let isEmpty = true
  async function* watched(): Chunks {
    for await (const chunk of decodeText(bytes)) {
      if (isEmpty) isEmpty = chunk.trim() === ''
      yield chunk
    }
  }
  return { chunks: watched(), isEmpty: () => isEmpty }
}

async function* readable(
  stream: Readable,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, stream)
  } catch (error) {
    if (!signal.aborted) throw cannotRead(path, error)
  }
}
