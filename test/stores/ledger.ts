// What must hold of a database after its server, or the database itself, was killed in a storm.

import assert from 'node:assert/strict'
import { type Device, refresh, type Storm, send } from './storm.ts'

/** A session as it lies in the database, read past the code under test. */
export interface StoredSession {
  readonly id: string
  readonly generation: number
  readonly revoked: boolean
}

/** Every device there ever was, with what it was told. */
export interface Ledger {
  /** Devices that are logged in, those that came last. */
  living(limit: number): readonly Device[]
  /** Notes what came of a storm. */
  enter(storm: Storm): void
  /**
   * Asserts that the sessions stored are those that devices were told of: each at the generation of the
   * newest token that was acknowledged, or at the next one if a refresh was not answered; ended if a
   * log-out was acknowledged, and not ended unless one was asked for.
   *
   * The server takes a session's newest token, and, within the grace, the one before it. So no
   * acknowledged token is lost. The only usable token that was not acknowledged is the successor that was
   * on its way. Each login that was not answered may have left one unused session, whose token no client
   * has.
   *
   * Returns how many refreshes are stored and were not acknowledged.
   */
  compare(stored: readonly StoredSession[]): number
}

export function createLedger(): Ledger {
  const devices = new Map<string, Device>()
  let unansweredLogins = 0
  return {
    living: (limit) => [...devices.values()].filter(({ ended }) => !ended).slice(-limit),
    enter(storm) {
      for (const device of storm.devices) devices.set(device.session, device)
      unansweredLogins += storm.unansweredLogins
    },
    compare(stored) {
      const unknown = new Map(stored.map((session) => [session.id, session]))
      let onTheirWay = 0
      for (const { session, tokens, ended, unanswered } of devices.values()) {
        const found = unknown.get(session)
        assert.ok(found, 'an acknowledged session is gone')
        unknown.delete(session)
        const acknowledged = tokens.length - 1
        const most = unanswered === 'refresh' ? acknowledged + 1 : acknowledged
        assert.ok(
          found.generation >= acknowledged && found.generation <= most,
          `generation ${found.generation} is stored, ${acknowledged} was acknowledged, ${unanswered} was on its way`,
        )
        onTheirWay += found.generation - acknowledged
        if (ended) assert.ok(found.revoked, 'an acknowledged log-out is lost')
        else assert.ok(!found.revoked || unanswered === 'revoke', 'a session was ended by nobody')
      }
      assert.ok(
        unknown.size <= unansweredLogins,
        `${unknown.size} sessions of nobody, ${unansweredLogins} logins were not answered`,
      )
      for (const { generation } of unknown.values()) assert.equal(generation, 0)
      return onTheirWay
    },
  }
}

/** Presents what the devices of a storm hold to the server that runs again. */
export async function presentAgain(url: string, { devices }: Storm): Promise<void> {
  for (const device of devices) {
    if (device.ended || !(await isAlive(url, device))) {
      device.ended = true
      await assertRefused(url, device)
      continue
    }
    const acknowledged = device.tokens.length
    assert.ok(await refresh(url, device))
    // The token is presented again within the grace. It has one successor, whichever process made it.
    const [successor] = device.tokens.splice(acknowledged)
    assert.ok(await refresh(url, device))
    assert.equal(device.tokens.at(-1), successor)
    assert.equal((await send(`${url}/me`, { token: device.accessToken }))?.status, 200)
  }
  const copied = devices.find(({ ended, tokens }) => !ended && tokens.length > 2)
  if (copied) await assertReuseEnds(url, copied)
}

/** Whether the newest access token is accepted, which only a log-out that was not answered may have ended. */
async function isAlive(url: string, { accessToken, unanswered }: Device): Promise<boolean> {
  const answer = await send(`${url}/me`, { token: accessToken })
  if (answer?.status === 200) return true
  assert.equal(answer?.status, 401)
  assert.equal(unanswered, 'revoke', 'an acknowledged access token is refused')
  return false
}

async function assertRefused(url: string, { accessToken, tokens }: Device): Promise<void> {
  for (const token of new Set([tokens.at(-1), tokens.at(0)])) {
    const form = { grant_type: 'refresh_token', refresh_token: token ?? '' }
    const answer = await send(`${url}/auth/token`, { form })
    assert.equal(answer?.status, 400, 'a refresh token of an ended session')
    assert.equal(answer.body.error, 'invalid_grant')
  }
  const answer = await send(`${url}/me`, { token: accessToken })
  assert.equal(answer?.status, 401, 'an access token of an ended session')
}

/** A token that was passed by long ago ends its session, as it would have before the server was killed. */
async function assertReuseEnds(url: string, device: Device): Promise<void> {
  const form = { grant_type: 'refresh_token', refresh_token: device.tokens.at(-3) ?? '' }
  assert.equal((await send(`${url}/auth/token`, { form }))?.status, 400)
  device.ended = true
  await assertRefused(url, device)
}
