// A real nginx and a real Caddy, with the files of `deploy`: only ports and paths are other ones.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { deployedName } from '../browser/chromium.ts'
import { root } from '../house/sources.ts'

export interface Certificate {
  readonly certificate: string
  readonly key: string
}

export interface RunningProxy {
  /** The certificate that signs its own. */
  readonly ca: string
  stop(): Promise<void>
}

/** Starts a proxy that listens on one port and passes on to another. */
export type StartProxy = (port: number, upstream: number) => Promise<RunningProxy>

/** Why a proxy is not tried here, or false. */
export function missing(program: string, flag: string): string | false {
  if (process.platform !== 'linux') return 'not checked: one loopback address is not enough'
  const found = spawnSync(program, [flag]).status === 0
  return found ? false : `not checked: there is no ${program} here`
}

/** A file of `deploy` with other ports and paths, each of which must be in it. */
export function deployed(name: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(root, 'deploy', name), 'utf8')
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(text.includes(from), `deploy/${name} has ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

/** Starts nginx with these servers, which may name the files of a certificate. */
export async function startNginx(servers: (paths: Certificate) => string): Promise<RunningProxy> {
  const directory = createDirectory()
  const { cert, private: secret } = await generate([{ name: 'commonName', value: deployedName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: deployedName }] }],
  })
  const certificate = join(directory, 'certificate.pem')
  const key = join(directory, 'key.pem')
  writeFileSync(certificate, cert)
  writeFileSync(key, secret)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = `
    daemon off;
    user root;
    pid nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${name};`).join('\n      ')}
      ${servers({ certificate, key })}
    }`
  writeFileSync(join(directory, 'nginx.conf'), configuration)
  const words = ['-e', 'stderr', '-p', directory, '-c', 'nginx.conf']
  const stop = await startUntil(spawn('nginx', words), /start worker process \d/, directory)
  return { ca: cert, stop }
}

/** The server of `deploy/nginx.conf`. */
export function nginxServer(
  port: number,
  upstream: number,
  { certificate, key }: Certificate,
  changes: Readonly<Record<string, string>> = {},
): string {
  return deployed('nginx.conf', {
    ...changes,
    'listen 443 ': `listen ${port} `,
    // Not every machine has IPv6.
    'listen [::]:443 ssl;': '',
    '/etc/letsencrypt/live/auth.example.com/fullchain.pem': certificate,
    '/etc/letsencrypt/live/auth.example.com/privkey.pem': key,
    '127.0.0.1:8000': `127.0.0.1:${upstream}`,
  })
}

/** Starts Caddy, which makes its own certificates here instead of asking for them. */
export async function startCaddy(port: number, upstream: number): Promise<RunningProxy> {
  const directory = createDirectory()
  const data = join(directory, 'data')
  const options = `{
    admin off
    local_certs
    skip_install_trust
    auto_https disable_redirects
    https_port ${port}
  }\n`
  const file = join(directory, 'Caddyfile')
  writeFileSync(
    file,
    options + deployed('Caddyfile', { '127.0.0.1:8000': `127.0.0.1:${upstream}` }),
  )
  const child = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
    env: { ...process.env, HOME: directory, XDG_DATA_HOME: data, XDG_CONFIG_HOME: directory },
  })
  const stop = await startUntil(child, /certificate obtained successfully/, directory)
  return { ca: readFileSync(join(data, 'caddy/pki/authorities/local/root.crt'), 'utf8'), stop }
}

function createDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'portcullis-proxy-'))
}

/** Waits until a proxy says that it serves. Returns what ends it. */
async function startUntil(
  child: ChildProcess,
  pattern: RegExp,
  directory: string,
): Promise<() => Promise<void>> {
  const closed = once(child, 'close')
  let said = ''
  const serves = new Promise<boolean>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk
      if (pattern.test(said)) resolve(true)
    })
    closed.then(() => resolve(false))
  })
  if (!(await serves)) throw new Error(`a proxy did not start: ${said}`)
  return async () => {
    child.kill('SIGTERM')
    await closed
    rmSync(directory, { recursive: true, force: true })
  }
}
