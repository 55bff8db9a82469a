import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import pg from 'pg'

/** A pooler in transaction mode: after each transaction a client has another server, in turn. */
export interface TransactionPooler {
  readonly url: string
  /** What clients have left in each server: settings, channels and prepared statements. */
  leftovers(): Promise<readonly Leftovers[]>
  close(): Promise<void>
}

export interface Leftovers {
  readonly settings: readonly string[]
  readonly channels: readonly string[]
  readonly statements: readonly string[]
}

export interface TransactionPoolerOptions {
  /** Tells its clients the number of a real process, as no known pooler does. */
  readonly showsServer?: boolean
}

const letter = (text: string): number => text.charCodeAt(0)

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const ready = message('Z', Buffer.from('I'))
const authenticated = message('R', Buffer.alloc(4))

function keyOf(pid: number): Buffer {
  const key = Buffer.alloc(8)
  key.writeInt32BE(pid)
  return message('K', key)
}

/** Cuts a stream into messages; the first one of a client has no type. */
function inMessages(socket: Socket, receive: (message: Buffer) => void, isUntyped = false): void {
  let rest = Buffer.alloc(0)
  let at = isUntyped ? 0 : 1
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= at + 4) {
      const end = at + rest.readInt32BE(at)
      if (rest.length < end) return
      const one = rest.subarray(0, end)
      rest = rest.subarray(end)
      at = 1
      receive(one)
    }
  })
}

interface Backend {
  readonly driver: pg.Client
  readonly socket: Socket
  readonly pid: number
  client: Client | null
}

interface Client {
  readonly socket: Socket
  /** What it has sent while no server was free. */
  readonly waiting: Buffer[]
  backend: Backend | null
  /** Answers that are to come. */
  pending: number
}

/** Starts one with two servers, which let everybody in. */
export async function startTransactionPooler(
  url: string,
  { showsServer = false }: TransactionPoolerOptions = {},
): Promise<TransactionPooler> {
  const backends = [await openBackend(url), await openBackend(url)]
  const clients = new Set<Client>()
  const queue: Client[] = []
  let turn = 0

  function serve(): void {
    for (let tries = 0; tries < backends.length && queue.length > 0; tries++) {
      const backend = backends[turn++ % backends.length]
      if (backend === undefined || backend.client !== null) continue
      const client = queue.shift() as Client
      client.backend = backend
      backend.client = client
      for (const each of client.waiting.splice(0)) send(client, each)
    }
  }

  function send(client: Client, sent: Buffer): void {
    if (sent[0] === letter('Q') || sent[0] === letter('S')) client.pending++
    client.backend?.socket.write(sent)
  }

  /** For a client that has gone in the middle of a transaction. */
  function rollBack(client: Client): void {
    send(client, message('Q', Buffer.from('rollback\0')))
  }

  function fromClient(client: Client, sent: Buffer): void {
    if (sent[0] === letter('X')) client.socket.end()
    else if (client.backend !== null) send(client, sent)
    else {
      client.waiting.push(sent)
      if (!queue.includes(client)) queue.push(client)
      serve()
    }
  }

  function fromBackend(backend: Backend, sent: Buffer): void {
    const { client } = backend
    // What a server says while nobody has it reaches nobody.
    if (client === null) return
    if (!client.socket.destroyed) client.socket.write(sent)
    if (sent[0] !== letter('Z')) return
    client.pending--
    if (client.pending > 0) return
    if (sent[5] === letter('I')) {
      client.backend = null
      backend.client = null
      serve()
    } else if (client.socket.destroyed) rollBack(client)
  }

  for (const backend of backends) {
    inMessages(backend.socket, (sent) => fromBackend(backend, sent))
  }
  const listener = createServer((socket) => {
    const client: Client = { socket, waiting: [], backend: null, pending: 0 }
    clients.add(client)
    let isIn = false
    socket.on('error', () => {})
    socket.on('close', () => {
      clients.delete(client)
      const place = queue.indexOf(client)
      if (place >= 0) queue.splice(place, 1)
      if (client.backend !== null && client.pending === 0) rollBack(client)
    })
    inMessages(
      socket,
      (sent) => {
        if (isIn) return fromClient(client, sent)
        isIn = true
        const pid = showsServer ? (backends[turn % backends.length]?.pid ?? 0) : 1
        socket.write(Buffer.concat([authenticated, keyOf(pid), ready]))
      },
      true,
    )
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const nearer = new URL(url)
  nearer.port = String((listener.address() as AddressInfo).port)

  return {
    url: nearer.href,
    async leftovers() {
      const found: Leftovers[] = []
      // In turn, so each is asked once.
      for (const _ of backends) found.push(await askLeftovers(nearer.href))
      return found
    },
    async close() {
      for (const { socket } of clients) socket.destroy()
      for (const { driver, socket } of backends) {
        driver.on('error', () => {})
        socket.destroy()
      }
      listener.close()
      await once(listener, 'close')
    },
  }
}

/** The driver gets in; then its socket is ours. */
async function openBackend(url: string): Promise<Backend> {
  const driver = new pg.Client({ connectionString: url })
  await driver.connect()
  const { connection, processID: pid } = driver as unknown as {
    readonly connection: { readonly stream: Socket }
    readonly processID: number
  }
  connection.stream.removeAllListeners('data')
  return { driver, socket: connection.stream, pid, client: null }
}

async function askLeftovers(url: string): Promise<Leftovers> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<Leftovers>(leftoversQuery)
  await client.end()
  return rows[0] as Leftovers
}

/** What another client of a pooler finds in the session that it gets. */
export const leftoversQuery = `select
  array(select name || '=' || setting from pg_settings where source = 'session'
    and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone',
      'standard_conforming_strings')) as settings,
  array(select pg_listening_channels()) as channels,
  array(select name from pg_prepared_statements) as statements`
