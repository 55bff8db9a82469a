// A user who has logged in from many addresses. Each has a count of its own, so that of many who try something
// at once, one from each, every one is looked at.

import assert from 'node:assert/strict'
import type { Served } from '../accounts/site.ts'
import { type Authenticator, makeAuthenticator } from './authenticator.ts'
import { type Enrolled, enrol, logInWithBoth } from './device.ts'
import { addPasskey, logInByPasskey } from './passkey-user.ts'
import { comingFrom, type Pair } from './two-processes.ts'

export interface Traveller extends Enrolled {
  readonly username: string
  /** A passkey that is kept on several devices, without a counter. */
  readonly synced: Authenticator
  /** One that is in one device, and counts. */
  readonly bound: Authenticator
  /** A server, reached from one of the addresses. */
  from(at: Served, index: number): Served
}

/** Makes one, who knows so many addresses. */
export async function createTraveller(
  { one, at }: Pair,
  username: string,
  addresses = 52,
): Promise<Traveller> {
  const enrolled = await enrol(one, username)
  const synced = makeAuthenticator({ counts: false, synced: true })
  const bound = makeAuthenticator()
  const { access_token: token } = await logInWithBoth(one, username, enrolled.device)
  for (const key of [synced, bound]) await addPasskey(one, token, key)
  const from = (at: Served, index: number) => comingFrom(at, `192.0.2.${index}`)
  for (let each = 0; each < addresses; each++) {
    const login = await logInByPasskey(from(at(each), each), synced)
    assert.equal(login.statusCode, 200, login.body)
  }
  return { ...enrolled, username, synced, bound, from }
}
