// Who is attacked, who attacks, and how it is counted.

import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import type { Served } from '../../../test/server/accounts/site.ts'
import {
  begin,
  confirm,
  type Device,
  logInWithBoth,
  password,
} from '../../../test/server/factors/device.ts'
import { createTraveller, type Traveller } from '../../../test/server/factors/traveller.ts'
import { type Pair, pendingLogins } from '../../../test/server/factors/two-processes.ts'

/** Two processes, with the people of one round. */
export interface World extends Pair {
  /** Who is attacked, from addresses that nobody is kept from by waits. */
  readonly victim: Traveller
  /** Another user, with all that a user can have. */
  readonly mallory: Traveller
  /** One of the processes after the other, each time from another address that the victim knows. */
  spy(turn: number): Served
  /** So many at once at both processes, each from an address that the victim knows. */
  all(
    times: number,
    act: (at: Served, index: number) => Promise<LightMyRequestResponse>,
  ): Promise<readonly LightMyRequestResponse[]>
  /** Logins of the victim that have come to the second factor. */
  begun(times: number): Promise<(index: number) => string>
  /** A name that nobody has. */
  newName(): string
  /** An access token of an administrator, of a login a moment ago. */
  administrator(): Promise<string>
}

/** How many attempts got in beyond those that may, and what the others were told. */
export interface Count {
  readonly attempts: number
  readonly accepted: number
  /** How often each status came. */
  readonly statuses: Readonly<Record<number, number>>
}

export type Attack = (world: World) => Promise<Count>

/**
 * Counts those that got in.
 *
 * @param mayGetIn So many must get in: an attack that keeps the owner out is one as well. Default none.
 */
export function count(answers: readonly LightMyRequestResponse[], mayGetIn = 0): Count {
  const passed = answers.filter(({ statusCode }) => statusCode < 300).length
  assert.ok(passed >= mayGetIn, `${passed} instead of ${mayGetIn} got in`)
  const statuses: Record<number, number> = {}
  for (const { statusCode } of answers) statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
  return { attempts: answers.length, accepted: passed - mayGetIn, statuses }
}

/** An answer to something that has to succeed for an attack to be one. */
export function succeeded(answer: LightMyRequestResponse): LightMyRequestResponse {
  assert.ok(answer.statusCode < 300, answer.body)
  return answer
}

/** Sends requests one after the other. */
export async function inTurn(
  requests: readonly (() => Promise<LightMyRequestResponse>)[],
): Promise<readonly LightMyRequestResponse[]> {
  const answers: LightMyRequestResponse[] = []
  for (const send of requests) answers.push(await send())
  return answers
}

let names = 0

/** An administrator, whose role demands a second factor. */
export async function createAdministrator({ one }: Pair): Promise<Device> {
  await one.user('root', { role: 'admin' })
  const { mfa_token: token } = (await password(one, 'root')).json()
  const device = await begin(one, token)
  assert.equal((await confirm(one, token, device, device.code())).statusCode, 200)
  one.clock.advance(30)
  return device
}

/** New people for a round. */
export async function createWorld(pair: Pair, root: Device): Promise<World> {
  const newName = (): string => `user${++names}`
  const victim = await createTraveller(pair, newName())
  const mallory = await createTraveller(pair, newName(), 2)
  return {
    ...{ ...pair, victim, mallory, newName },
    spy: (turn) => victim.from(pair.at(turn), turn % 52),
    all: (times, act) => pair.atOnce(times, (at, index) => act(victim.from(at, index % 52), index)),
    begun: (times) => pendingLogins(pair, victim.username, times),
    administrator: async () => (await logInWithBoth(pair.one, 'root', root)).access_token,
  }
}
