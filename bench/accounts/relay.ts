// A mail relay on one port of this machine that can be told how to be.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'

/** Milliseconds after which the relay says that it has a mail: as one that writes it to a disk far away. */
const relayTakes = Number(process.env.RELAY_MS ?? '100')

/** Takes mails; takes connections and says nothing; refuses connections. */
export type Temper = 'takes' | 'hangs' | 'gone'

/** How far a mail has come: the relay calls at each step before it answers. */
export type Step = 'connection' | 'sender' | 'recipient' | 'content' | 'answered'

export interface Relay {
  readonly port: number
  /** How often each mail was taken, by its `Message-ID`. */
  readonly taken: ReadonlyMap<string, number>
  /** The `Message-ID`s of the mails to each address. */
  readonly idsOf: ReadonlyMap<string, ReadonlySet<string>>
  /** Connections at once at most since the temper was set. */
  mostOpen(): number
  become(temper: Temper): Promise<void>
  close(): Promise<void>
}

/** Starts a relay that takes mails. */
export async function startRelay(onStep: (step: Step) => void = () => {}): Promise<Relay> {
  const taken = new Map<string, number>()
  const idsOf = new Map<string, Set<string>>()
  const go = (step: Step) => (_about: unknown, session: unknown, next?: () => void) => {
    onStep(step)
    const proceed = next ?? session
    if (typeof proceed === 'function') proceed()
  }
  const smtp = new SMTPServer({
    ...{ authOptional: true, hideSTARTTLS: true, closeTimeout: 1 },
    onConnect: go('connection'),
    onMailFrom: go('sender'),
    onRcptTo: go('recipient'),
    async onData(stream, { envelope }, done) {
      const parts = await stream.toArray().catch(() => null)
      // The sender broke off.
      if (parts === null) return
      const source = Buffer.concat(parts).toString()
      const id = /^message-id: *(\S+)/im.exec(source)?.[1] ?? ''
      taken.set(id, (taken.get(id) ?? 0) + 1)
      for (const { address } of envelope.rcptTo) {
        idsOf.set(address, (idsOf.get(address) ?? new Set()).add(id))
      }
      onStep('content')
      await setTimeout(relayTakes)
      done()
      onStep('answered')
    },
  })
  smtp.on('error', () => {})
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const { port: inner } = smtp.server.address() as AddressInfo

  let temper: Temper = 'takes'
  let most = 0
  const open = new Set<Socket>()
  const front = createServer((socket) => {
    open.add(socket)
    most = Math.max(most, open.size)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    if (temper === 'hangs') return
    const behind = connect(inner, '127.0.0.1').on('error', () => socket.destroy())
    socket.pipe(behind).pipe(socket)
    socket.on('close', () => behind.destroy())
  })
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => front.listen(port, '127.0.0.1', resolve))
  const stopListening = async (): Promise<void> => {
    const closed = front.listening && new Promise((resolve) => front.close(resolve))
    for (const socket of open) socket.destroy()
    await closed
  }
  await listen(0)
  const { port } = front.address() as AddressInfo
  return {
    ...{ port, taken, idsOf },
    mostOpen: () => most,
    async become(next) {
      temper = next
      await stopListening()
      most = 0
      if (next !== 'gone') await listen(port)
    },
    async close() {
      await stopListening()
      await new Promise<void>((resolve) => smtp.close(resolve))
    },
  }
}
