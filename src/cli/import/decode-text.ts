import type { Chunks } from './records.ts'

/** Text of bytes as they come: of UTF-8, or of UTF-16, which spreadsheets write too. Without its byte order mark. */
export async function* decodeText(bytes: AsyncIterable<Uint8Array>): Chunks {
  let head: Uint8Array = Buffer.alloc(0)
  let decoder: TextDecoder | undefined
  for await (const chunk of bytes) {
    const next = decoder === undefined ? Buffer.concat([head, chunk]) : chunk
    if (decoder === undefined && next.length < headLength) {
      head = next
      continue
    }
    decoder ??= new TextDecoder(encodingOf(next))
    yield decoder.decode(next, { stream: true })
  }
  yield decoder === undefined ? decodeWhole(head) : decoder.decode()
}

/** The text of bytes that are all there. */
export function decodeWhole(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes)
}

/** Bytes that tell an encoding. */
const headLength = 2

/** By the byte order mark; without one, by the zero beside the first sign, which is ASCII in all that is imported. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === undefined || second === undefined) return 'utf-8'
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be'
  return 'utf-8'
}
