// Ways around a second factor, tried ROUNDS times on SQLite by two processes' worth of servers. Prints how many
// attempts there were and how many got in: 0, but for the one login that each race may end with.
//
//   ROUNDS=20 node bench/accounts/factor-attacks.ts

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hotp, stepAt } from '../../src/core/factors/totp.ts'
import { type Auth, createAuth } from '../../src/index.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { decodeBase32 } from '../../test/server/factors/device.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
const password = 'seven quiet otters juggle'
const directory = mkdtempSync(join(tmpdir(), 'portcullis-attacks-'))
let now = 1_800_000_000
const options = {
  clock: () => now,
  factors: {},
  passwordHash: { argon2: { memory: 8, time: 1, parallelism: 1 }, allowWeakHashes: true },
} as const

/** Two servers on one file, each with its own connections and caches. */
const servers: readonly Auth[] = [
  await createAuth({ ...options, store: sqlite(join(directory, 'attacks.db')) }),
  await createAuth({ ...options, store: sqlite(join(directory, 'attacks.db')) }),
]
const handlers = servers.map((auth) => oauthEndpoints(auth))
let source = 0

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, string>>
}

/** Sends a request to one of the servers, each time from another address. */
async function send(at: number, path: string, body: BodyInit, token?: string): Promise<Answer> {
  source++
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    body,
    headers: {
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })
  const address = `10.${(source >> 16) & 255}.${(source >> 8) & 255}.${source & 255}`
  const response = await handlers[at % 2]?.(request, address)
  const json = await response?.json().catch(() => ({}))
  return { status: response?.status ?? 404, body: Object(json) }
}

const form = (at: number, fields: Readonly<Record<string, string>>): Promise<Answer> =>
  send(at, '/auth/token', new URLSearchParams(fields))
const begin = async (at: number, username: string): Promise<string> =>
  (await form(at, { username, password })).body.mfa_token ?? ''
const showOtp = (at: number, token: string, otp: string): Promise<Answer> =>
  form(at, { grant_type: 'urn:portcullis:grant-type:mfa-otp', mfa_token: token, otp })
const showRecovery = (at: number, token: string, code: string): Promise<Answer> =>
  form(at, {
    ...{ grant_type: 'urn:portcullis:grant-type:mfa-recovery-code', mfa_token: token },
    recovery_code: code,
  })

interface Victim {
  readonly username: string
  readonly token: string
  readonly codes: readonly string[]
  code(steps?: number): string
}

let victims = 0

/** A user with an app. */
async function createVictim(): Promise<Victim> {
  const [auth = assert.fail()] = servers
  const username = `victim${++victims}`
  const { id } = await auth.users.create({ username, password })
  const token = (await form(0, { username, password })).body.access_token ?? ''
  const begun = (await auth.factors?.beginTotp({ userId: id })) ?? assert.fail()
  const secret = decodeBase32(begun.secret)
  const code = (steps = 0): string => hotp(secret, stepAt(now) + steps)
  const otp = JSON.stringify({ otp: code() })
  const confirmed = await send(0, `/me/factors/totp/${begun.id}/confirm`, otp, token)
  now += 30
  const codes = confirmed.body.recovery_codes as unknown as readonly string[]
  return { username, token, codes, code }
}

/** How many of the attempts got in, beyond those that may. */
type Attack = (victim: Victim) => Promise<{ readonly attempts: number; readonly accepted: number }>

function count(answers: readonly Answer[], mayGetIn: number) {
  const accepted = answers.filter(({ body }) => body.access_token !== undefined).length
  return { attempts: answers.length, accepted: Math.max(0, accepted - mayGetIn) }
}

const many = <T>(times: number, make: (index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => make(index)))

const attacks: Readonly<Record<string, Attack>> = {
  async 'one code in 50 logins at once, on two servers'({ username, code }) {
    const tokens: string[] = []
    for (let each = 0; each < 50; each++) tokens.push(await begin(each, username))
    return count(await many(50, (at) => showOtp(at, tokens[at] ?? '', code())), 1)
  },
  async 'one login with 50 right codes at once'({ username, code, codes }) {
    const token = await begin(0, username)
    const shown = await many(50, (at) =>
      at % 5 === 0
        ? showRecovery(at, token, codes[(at / 5) % 8] ?? '')
        : showOtp(at, token, code((at % 3) - 1)),
    )
    return count(shown, 1)
  },
  async 'a used code, and older ones, on the other server'({ username, code }) {
    await showOtp(0, await begin(0, username), code(1))
    const answers: Answer[] = []
    for (const steps of [-1, 0, 1]) {
      answers.push(await showOtp(1, await begin(1, username), code(steps)))
    }
    return count(answers, 0)
  },
  async 'guesses over many logins, each with the right password'({ username, code }) {
    const right = [-1, 0, 1].map((steps) => code(steps))
    const answers: Answer[] = []
    for (let guess = 0; guess < 60; guess++) {
      const otp = String(guess * 16_661).padStart(6, '0')
      if (!right.includes(otp))
        answers.push(await showOtp(guess, await begin(guess, username), otp))
    }
    const looked = answers.filter(({ status }) => status === 400).length
    // Six are looked at before the wait: the rest are told to come later.
    return { attempts: answers.length, accepted: Math.max(0, looked - 6) }
  },
  async 'the token of the login in every other place'({ username, code }) {
    const token = await begin(0, username)
    const answers = [
      await send(0, '/me/factors/totp', '{}', token),
      await send(0, '/me/recovery-codes', '{}', token),
      await send(0, '/auth/step-up', JSON.stringify({ password, otp: code() }), token),
      await form(0, { grant_type: 'refresh_token', refresh_token: token }),
      await form(0, { username, password: token }),
    ]
    const passed = answers.filter(({ status }) => status < 300).length
    return { attempts: answers.length, accepted: passed }
  },
  async 'the password alone, as a step-up and with what is no code'({ username, token, codes }) {
    const answers = [
      await send(0, '/auth/step-up', JSON.stringify({ password }), token),
      ...(await many(4, (at) =>
        form(at, { username, password, otp: ['', '000000', '٠١٢٣٤٥', codes[0] ?? ''][at] ?? '' }),
      )),
      await form(0, { username, password: codes[1] ?? '' }),
      await form(0, { username, password, mfa_token: '', grant_type: 'password' }),
    ]
    return count(answers, 0)
  },
  async 'an old token that changes the factors'({ token }) {
    const answers = [
      await send(0, '/me/factors/totp', '{}', token),
      await send(1, '/me/recovery-codes', '{}', token),
    ]
    const passed = answers.filter(({ status }) => status < 300).length
    return { attempts: answers.length, accepted: passed }
  },
  async 'a recovery code, used 50 times at once'({ username, codes }) {
    const tokens: string[] = []
    for (let each = 0; each < 50; each++) tokens.push(await begin(each, username))
    return count(await many(50, (at) => showRecovery(at, tokens[at] ?? '', codes[0] ?? '')), 1)
  },
}

let failed = 0
for (const [name, attack] of Object.entries(attacks)) {
  let [attempts, accepted] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const found = await attack(await createVictim())
    attempts += found.attempts
    accepted += found.accepted
    now += 600
  }
  failed += accepted
  console.log(
    `${String(accepted).padStart(3)} of ${String(attempts).padStart(5)} accepted: ${name}`,
  )
}
for (const auth of servers) await auth.close()
rmSync(directory, { recursive: true, force: true })
process.exitCode = failed === 0 ? 0 : 1
