// What a second factor adds to a login, in processor time: the ready server on SQLite, in one process, without sockets and
// with hashes that cost next to nothing, so that all that differs is the factor.
//
//   ROUNDS=60 node bench/factor-login.ts
//
// Short batches in turn; the least time of a batch is the one that other work of the machine has touched least.

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp } from '../src/server/app.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../src/testing/test-auth.ts'
import { type Device, deviceOf } from '../test/server/factors/device.ts'
import { formatTable } from './quantiles.ts'

const { ROUNDS = '60' } = process.env
const batch = 20
const password = 'seven quiet otters juggle'
const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const auth = await createTestAuth({ store: sqlite(join(directory, 'bench.db')), factors: {} })
const { clock } = auth
const app = await buildApp({ auth, prune: false, logger: false })

async function post(url: string, status: number, fields: object, token?: string) {
  const isForm = token === undefined
  const answer = await app.inject({
    ...{ method: 'POST', url },
    headers: isForm
      ? { 'content-type': 'application/x-www-form-urlencoded' }
      : { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    payload: isForm ? new URLSearchParams({ ...fields }).toString() : JSON.stringify(fields),
  })
  if (answer.statusCode !== status) throw new Error(`POST ${url}: ${answer.body}`)
  return answer.json()
}

const logIn = (username: string, more = {}, status = 200) =>
  post('/auth/token', status, { username, password, ...more })

const devices: Device[] = []
for (let made = 0; made < batch; made++) {
  await auth.users.create({ username: `plain${made}`, password })
  await auth.users.create({ username: `strong${made}`, password })
  const { access_token: token } = await logIn(`strong${made}`)
  const device = deviceOf(auth, await post('/me/factors/totp', 201, {}, token))
  await post(`/me/factors/totp/${device.id}/confirm`, 200, { otp: device.code() }, token)
  devices.push(device)
}

const otpOf = (user: number): string => devices[user]?.code() ?? ''
const ways: Readonly<Record<string, (user: number) => Promise<unknown>>> = {
  'without a factor': (user) => logIn(`plain${user}`),
  'with a code beside the password': (user) => logIn(`strong${user}`, { otp: otpOf(user) }),
  'with a code in a second request': async (user) => {
    const { mfa_token } = await logIn(`strong${user}`, {}, 403)
    const grant_type = 'urn:portcullis:grant-type:mfa-otp'
    await post('/auth/token', 200, { grant_type, mfa_token, otp: otpOf(user) })
  },
}

const taken = new Map(Object.keys(ways).map((way) => [way, [] as number[]]))
for (let round = -10; round < Number(ROUNDS); round++) {
  for (const [way, log] of Object.entries(ways)) {
    // A code is good once.
    clock.advance(30)
    const began = process.cpuUsage()
    for (let user = 0; user < batch; user++) await log(user)
    const { user, system } = process.cpuUsage(began)
    if (round >= 0) taken.get(way)?.push((user + system) / batch / 1000)
  }
}

const at = (way: string, share: number): number => {
  const sorted = taken.get(way)?.toSorted((a, b) => a - b) ?? []
  return sorted[Math.floor(share * sorted.length)] ?? 0
}
const [plain = ''] = Object.keys(ways)
const rows = Object.keys(ways).map((way) => [
  ...[way, ...[0, 0.25, 0.5].map((share) => at(way, share).toFixed(2))],
  (at(way, 0.5) - at(plain, 0.5)).toFixed(2),
])
const head = [
  'ms of processor time a login',
  'least',
  '25 %',
  'median',
  'median, more than without',
]
console.log(formatTable([head, ...rows]))
console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
await app.close()
await auth.close()
rmSync(directory, { recursive: true, force: true })
