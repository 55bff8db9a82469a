// A terminal, as a reader has one: a shell that goes on from command to command, and an application that
// runs beside it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'

/** The environment of a reader whose `node` is the one that runs this. */
const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME }

export interface Terminal {
  /** Types a command, and resolves with what it printed. Rejects if it failed. */
  run(command: string): Promise<string>
  close(): Promise<void>
}

/** Opens a shell in a folder. */
export function openTerminal(cwd: string): Terminal {
  const shell = spawn('sh', [], { cwd, env, stdio: 'pipe' })
  const closed = once(shell, 'close')
  let said = ''
  let complaints = ''
  let hear = (): void => {}
  shell.stdout.on('data', (chunk) => {
    said += chunk
    hear()
  })
  shell.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  return {
    async run(command) {
      const end = randomUUID()
      said = complaints = ''
      shell.stdin.write(`${command}\necho "${end} $?"\n`)
      const finished = new Promise<void>((done) => {
        hear = () => said.includes(`${end} `) && said.endsWith('\n') && done()
      })
      await Promise.race([finished, closed])
      const [answer = '', code] = said.split(end)
      assert.equal(code?.trim(), '0', `${command}\n${answer}${complaints}`)
      return answer
    },
    async close() {
      shell.stdin.end()
      await closed
    },
  }
}

export interface RunningApp {
  readonly url: string
  stop(): Promise<void>
}

/** Runs a command that goes on until it is stopped, in a folder, until it says where it listens. */
export async function startApp(cwd: string, command: string): Promise<RunningApp> {
  const child = spawn('sh', ['-c', `exec env ${command}`], { cwd, env, stdio: 'pipe' })
  const closed = once(child, 'close')
  let said = ''
  const url = await new Promise<string>((found, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk
        const [, address] = /^(http:\S+)\n/m.exec(said) ?? []
        if (address) found(address)
      })
    }
    void closed.then(() => reject(new Error(`${command} ended: ${said}`)))
  })
  return {
    url,
    async stop() {
      child.kill()
      await closed
    },
  }
}

export interface Address {
  readonly url: string
  close(): Promise<void>
}

/** An address that stays while what listens behind it is started again, as the port 8000 does for a reader. */
export async function openAddress(behind: () => Promise<string>): Promise<Address> {
  const sockets = new Set<Socket>()
  async function join(socket: Socket): Promise<void> {
    const target = connect(Number(new URL(await behind()).port), '127.0.0.1')
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    join(socket).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
