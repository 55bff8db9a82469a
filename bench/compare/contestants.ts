// The contestants, and how each is started.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { issuer, password, passwordHash, secretKey } from './fixture.ts'
import type { Command } from './processes.ts'

const peersDirectory = fileURLToPath(new URL('../peers/', import.meta.url))
const fastapiDirectory = `${peersDirectory}fastapi`

/** What the guarded route answers. */
export const me = {
  id: '019ac2f4-7f6e-7cc1-a3bd-6f0f1c8f2b11',
  username: 'alice',
  role: 'member',
  active: true,
  created_at: 1764111111,
  scope: '',
}

const common = {
  SECRET_KEY: secretKey,
  ISSUER: issuer,
  AUDIENCE: issuer,
  ME: JSON.stringify(me),
  PASSWORD: password,
  PASSWORD_HASH: passwordHash,
}

/** Our own server, with the same answer on a route without a guard. */
export function ours(environment: Readonly<Record<string, string>>): Command {
  const file = fileURLToPath(new URL('app.ts', import.meta.url))
  return { command: [process.execPath, file], environment: { ...environment, ME: common.ME } }
}

/** One of the peers that run on Node.js. */
export function peer(name: string, environment: Readonly<Record<string, string>> = {}): Command {
  return {
    command: [process.execPath, `${peersDirectory}${name}.js`],
    environment: { ...common, ...environment },
  }
}

/** FastAPI, or null where no Python has it: that of PYTHON, of its virtual environment, or the system's. */
export function fastapi(userId: string = me.id): Command | null {
  const needed = 'import fastapi, uvicorn, jose, passlib, multipart'
  const pythons = [
    process.env.PYTHON ?? '',
    `${fastapiDirectory}/.venv/bin/python`,
    'python3',
    '/usr/bin/python3',
  ]
  const python = pythons.find((path) => path && spawnSync(path, ['-c', needed]).status === 0)
  if (python === undefined) return null
  const words = ['-m', 'uvicorn', 'main:app', '--port', '0', '--no-access-log']
  return {
    command: [python, ...words],
    environment: { ...common, ME: JSON.stringify({ ...me, id: userId }) },
    directory: fastapiDirectory,
  }
}

/** Installs the peers as their lockfile has them, unless they are there. */
export function installPeers(): void {
  if (existsSync(`${peersDirectory}node_modules/.package-lock.json`)) return
  const { status } = spawnSync('npm', ['ci', '--prefix', peersDirectory], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The peers could not be installed: npm ci --prefix bench/peers')
}
