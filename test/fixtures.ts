// What tests of every layer need: an application's security that is quick and forgets everything.

import { type Auth, createAuth } from '../src/core/auth.ts'
import type { AuthOptions } from '../src/core/auth-options.ts'
import { internals } from '../src/core/internals.ts'
import { createHashPool, type HashPool } from '../src/core/passwords/hash-pool.ts'
import type { Store } from '../src/core/store.ts'
import type { User } from '../src/core/users/user.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'
import { memory } from '../src/stores/memory/memory.ts'
import { cheapHashing } from '../src/testing/test-auth.ts'

export { cheapHashing } from '../src/testing/test-auth.ts'
export { createTestClock, type TestClock } from '../src/testing/test-clock.ts'

/** A password that the policy accepts for every username. */
export const goodPassword = 'vivid harbor ladle ox'

let createStore: () => Store | Promise<Store> = memory

/** Puts other stores under the tests that name none, so that a suite runs on each. Always an empty one. */
export function useStores(create: () => Store | Promise<Store>): void {
  createStore = create
}

/**
 * An application's security with cheap hashes, on an empty store: in memory, unless told otherwise. No mail
 * waits for its random delay, unless told otherwise.
 */
export async function createTestAuth(options: Partial<AuthOptions> = {}): Promise<Auth> {
  const store = options.store ?? (await createStore())
  const accounts = options.accounts && { mailDelay: 0, ...options.accounts }
  return await createAuth({
    passwordHash: cheapHashing,
    ...options,
    ...(accounts && { accounts }),
    store,
  })
}

/** Somebody who shows these credentials, from one address unless told otherwise. */
export async function authenticate(
  auth: Auth,
  username: string,
  password: string,
  address = '192.0.2.1',
): Promise<UserRecord | null> {
  return await auth[internals].login.authenticate({ username, password, address })
}

/** Changes a password, asked for from the same address. */
export async function changePassword(
  auth: Auth,
  id: string,
  oldPassword: string,
  newPassword: string,
  keepSession?: string,
): Promise<User> {
  return await auth.users.changePassword(id, {
    oldPassword,
    newPassword,
    address: '192.0.2.1',
    ...(keepSession !== undefined && { keepSession }),
  })
}

/** A pool that counts the hashes it runs. A job that does no work on another thread is none. */
export interface CountingPool extends HashPool {
  readonly hashes: number
}

export function createCountingPool(): CountingPool {
  const pool = createHashPool({ concurrency: 4 })
  let hashes = 0
  return {
    ...pool,
    checkCapacity: (source) => pool.checkCapacity(source),
    run: (job, source) =>
      pool.run(async () => {
        let ended = false
        const result = job().finally(() => {
          ended = true
        })
        // What another thread computes cannot be there before the event loop turns.
        for (let turn = 0; turn < 50; turn++) await null
        if (!ended) hashes++
        return await result
      }, source),
    get load() {
      return pool.load
    },
    get hashes() {
      return hashes
    },
  }
}
