// A connection to one worker of a server, and not to any: what has to hold must hold at each.

import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Agent, type ClientRequestArgs, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { sourceOf } from '../serving.ts'

export interface Asked {
  readonly method?: string
  readonly token?: string
  readonly form?: Readonly<Record<string, string>>
  readonly json?: object
  /** Who asks: one source of many. */
  readonly source?: number
}

export interface Answer {
  /** 0 if there was none. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** By `performance.now()`. */
  readonly askedAt: number
  readonly answeredAt: number
}

export interface Lane {
  /** The worker. */
  readonly pid: number
  ask(path: string, asked?: Asked): Promise<Answer>
  close(): void
}

/** Milliseconds that a client waits for an answer. */
const patience = 15_000

export function openLane(url: string, pid: number): Lane {
  const port = Number(new URL(url).port)
  const agent = new WorkerAgent(port, pid)
  return {
    pid,
    async ask(path, asked = {}) {
      const began = performance.now()
      const answer = await send(agent, url + path, asked).catch(() => {
        return { status: 0, body: {}, askedAt: began }
      })
      return { ...answer, answeredAt: performance.now() }
    },
    close: () => agent.destroy(),
  }
}

async function send(
  agent: Agent,
  url: string,
  { token, form, json, source = 1, ...asked }: Asked,
): Promise<Omit<Answer, 'answeredAt'>> {
  const body = form ? new URLSearchParams(form).toString() : json && JSON.stringify(json)
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  const sent = request(url, {
    agent,
    method: asked.method ?? (body === undefined ? 'GET' : 'POST'),
    signal: AbortSignal.timeout(patience),
    headers: {
      'x-forwarded-for': sourceOf(source),
      ...(body !== undefined && {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
      }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })
  sent.end(body)
  // There may have been no free connection, and to find one to the worker takes time.
  await once(sent, 'socket')
  const askedAt = performance.now()
  const [response] = await once(sent, 'response')
  const text = Buffer.concat(await response.toArray()).toString()
  // The server has given up a connection on which nothing was asked, at the moment when we did.
  if (response.statusCode === 408) throw new Error('The connection was closed.')
  const isJson = /json/.test(response.headers['content-type'] ?? '')
  return { status: response.statusCode, body: isJson ? JSON.parse(text) : {}, askedAt }
}

/** Keeps connections to one worker. */
class WorkerAgent extends Agent {
  readonly #port: number
  readonly #pid: number

  constructor(port: number, pid: number) {
    super({ keepAlive: true })
    this.#port = port
    this.#pid = pid
  }

  override createConnection(
    _options: ClientRequestArgs,
    created: (error: Error | null, socket: Duplex) => void = () => {},
  ): undefined {
    connectTo(this.#port, this.#pid).then(
      (socket) => created(null, socket),
      (error) => created(error, new Duplex()),
    )
  }
}

/** The system gives a connection to any worker. So several are made, until the right one has one. */
async function connectTo(port: number, pid: number): Promise<Socket> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const sockets = await Promise.all(Array.from({ length: 16 }, () => connected(port)))
    const mine = sockets.find((socket) => isHeldBy(pid, port, socket.localPort ?? 0))
    for (const socket of sockets) if (socket !== mine) socket.destroy()
    if (mine) return mine
  }
  throw new Error(`Worker ${pid} takes no connection.`)
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Whether the server's end of a connection is one of the files of a process (proc(5)). */
function isHeldBy(pid: number, serverPort: number, clientPort: number): boolean {
  const hexadecimal = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')
  const ends = new RegExp(
    ` 0100007F:${hexadecimal(serverPort)} 0100007F:${hexadecimal(clientPort)} (?:\\S+ +){6}(\\d+)`,
  )
  const [, inode] = ends.exec(readFileSync('/proc/net/tcp', 'utf8')) ?? []
  return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`) === `socket:[${inode}]`
    } catch {
      return false
    }
  })
}
