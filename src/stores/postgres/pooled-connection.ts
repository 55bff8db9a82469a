import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { announcedPid, type Connect, type PostgresConnection } from './connect.ts'

/**
 * What `pg.Pool` keeps in the place of its own clients: a connection to whichever server is the right
 * one when it is made. It has the part of a client that the pool uses.
 */
export class PooledConnection extends EventEmitter {
  /** Gives it back to the pool, which sets this, or ends it. */
  declare readonly release: (discard?: boolean) => void
  readonly #connect: Connect
  #connection: PostgresConnection | undefined
  #ended = false

  constructor(connect: Connect) {
    super()
    this.#connect = connect
    // The pool listens while the connection is idle. While it is in use, its statement fails.
    this.on('error', () => {})
  }

  connect(callback: (error?: unknown) => void): void {
    this.#connect().then(
      (connection) => {
        this.#connection = connection
        connection.client.on('error', (error) => {
          this.#ended = true
          this.emit('error', error)
        })
        connection.client.once('end', () => {
          this.#ended = true
          this.emit('end')
        })
        callback()
      },
      (error) => {
        this.#ended = true
        callback(error)
      },
    )
  }

  query(statement: string | pg.QueryConfig, values?: readonly unknown[]): Promise<pg.QueryResult> {
    if (this.#connection === undefined) throw new TypeError('not connected')
    const { client, isPooled } = this.#connection
    // A name stays with the session, which others get.
    const sent =
      isPooled && typeof statement !== 'string' ? { ...statement, name: undefined } : statement
    return client.query(sent as string, values as unknown[])
  }

  /** The process of the server that works for it; null behind a pooler, which chooses another one each time. */
  get processId(): number | null {
    if (this.#connection === undefined || this.#connection.isPooled) return null
    return announcedPid(this.#connection.client)
  }

  /** That of the server, as it was told when the connection was made. */
  get timeline(): number {
    return this.#connection?.timeline ?? 0
  }

  get isInTransaction(): boolean {
    return this.#connection?.client.getTransactionStatus() !== 'I'
  }

  /** The pool keeps a connection if this is true. */
  get _queryable(): boolean {
    return !this.#ended
  }

  isConnected(): boolean {
    return this.#connection !== undefined
  }

  end(callback: () => void = () => {}): void {
    this.#ended = true
    if (this.#connection === undefined) callback()
    else this.#connection.end().then(callback, callback)
  }
}
