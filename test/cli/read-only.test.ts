// `docker run --read-only --cap-drop=ALL`, without Docker: a mount namespace in which the data directory
// alone can be written, and no capability is left.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createInstallation, main } from './process.ts'

/** Its first argument is what can be written; the rest is run. */
const enclose = `
  set -e
  mount --make-rprivate /
  mount --bind "$1" "$1"
  while read -r _ _ _ _ path _; do
    case "$path" in "$1" | /proc* | /sys* | /dev*) ;; *) mount -o remount,bind,ro "$path" ;; esac
  done < /proc/self/mountinfo
  if touch "$(dirname "$1")/elsewhere" 2> /dev/null; then exit 1; fi
  shift
  exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"`

const enclosed = (data: string, ...words: readonly string[]): readonly string[] => [
  '--mount',
  'sh',
  '-c',
  enclose,
  'sh',
  data,
  ...words,
]
const password = 'seven quiet otters juggle'

test('a server whose file system is read-only, but for its data, does all that it should', {
  timeout: 300_000,
}, async (t) => {
  const data = createInstallation()
  const { status, stderr } = spawnSync('unshare', enclosed(data, 'true'), { encoding: 'utf8' })
  if (status !== 0) return t.skip(`not checked: nothing can be made read-only here (${stderr})`)

  const { PATH = '' } = process.env
  const options = { cwd: data, env: { PATH, PORT: '0', DATA_DIR: join(data, 'data') } }
  const words = (...rest: readonly string[]) => enclosed(data, process.execPath, main, ...rest)
  const command = (...rest: readonly string[]) =>
    spawnSync('unshare', words(...rest), { ...options, input: password, encoding: 'utf8' })
  const added = command('user', 'add', 'alice', '--role', 'admin')
  assert.equal(added.status, 0, added.stderr)

  const server = spawn('unshare', words('serve'), options)
  const ended = once(server, 'close')
  let said = ''
  const url = await new Promise<string | undefined>((resolve) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk
        const [, found] = /listens on (http:[^\s"]+)/.exec(said) ?? []
        if (found) resolve(found)
      })
    }
    ended.then(() => resolve(undefined))
  })
  assert.ok(url, said)
  const body = new URLSearchParams({ username: 'alice', password })
  const login = await fetch(`${url}/auth/token`, { method: 'POST', body })
  const { access_token } = (await login.json()) as { readonly access_token: string }
  const created = await fetch(`${url}/admin/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'bob', password: 'eight amber herons whistle' }),
  })
  assert.equal(created.status, 201)
  const copied = command('backup', join(data, 'copy.db'))
  assert.equal(copied.status, 0, copied.stderr)
  server.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null], said)
})
