import type { Clock } from '../clock.ts'
import { KeyError } from '../errors.ts'
import type { AuthEvent } from '../events/event-store.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { KeyRing } from './key-ring.ts'
import type { SigningKeyChange, SigningKeyRecord, SigningKeyStore } from './key-store.ts'
import {
  activeOf,
  atOnce,
  inOrder,
  isAlive,
  type KeyState,
  publicationLead,
  settle,
  stateOf,
} from './lifecycle.ts'
import { makeKey } from './managed-keys.ts'
import type { SigningAlgorithm } from './signing-key.ts'

/** A managed key, without what is secret. Instants are seconds since 1970. */
export interface ManagedKey {
  /** The `kid` of its tokens. */
  readonly id: string
  /** The one algorithm that the key signs with. */
  readonly algorithm: SigningAlgorithm
  /** What the key is used for now. */
  readonly state: KeyState
  /** Seconds since 1970. */
  readonly createdAt: number
  /** When it starts to sign. Seconds since 1970. */
  readonly signsFrom: number
  /** When the last of its tokens has expired. Seconds since 1970; null while no successor is known. */
  readonly verifiesUntil: number | null
}

/** The signing keys in the store, and what becomes of them. */
export interface ManagedKeys {
  /** All keys, oldest first. */
  list(): Promise<readonly ManagedKey[]>
  /**
   * Publishes the key that signs next, an hour from now, and returns it; or the one that has been
   * published already. With `atOnce` it signs now. Verifiers that keep an older JWK Set may refuse its
   * tokens until they fetch the set again. No token expires early by this.
   */
  rotate(options?: { readonly atOnce?: boolean; readonly by?: Actor }): Promise<ManagedKey>
  /**
   * Deletes a key, and so ends its access tokens, on every process. Sessions stay open, and their next
   * refresh uses another key. If it was the active key, another one signs at once.
   *
   * Returns the key that signs now.
   *
   * @throws {KeyError} `key_unknown`
   */
  retire(id: string, by?: Actor): Promise<ManagedKey>
  /**
   * Does what is due: publishes the next key, deletes dead ones. Of several processes one does it.
   * To be called every minute or so; the Fastify plugin does.
   */
  maintain(): Promise<void>
  /** Seconds after which a key is replaced; 0 for never. */
  readonly rotationInterval: number
}

export interface ManagedKeysOptions {
  readonly store: SigningKeyStore
  readonly ring: KeyRing
  readonly algorithm: SigningAlgorithm
  readonly keyEncryptionKey: Uint8Array
  /** Seconds between rotations; 0 for none. */
  readonly interval: number
  /** Seconds that a key verifies after its successor signs. */
  readonly retention: number
  readonly events: AuthEvents
  readonly clock: Clock
}

type Line = readonly SigningKeyRecord[]

export function createManagedKeys(options: ManagedKeysOptions): ManagedKeys {
  const { store, ring, algorithm, keyEncryptionKey, interval, retention, events, clock } = options
  /** A configured algorithm that is not the keys' is looked for once, not fought over. */
  let changesAlgorithm = true

  /**
   * Replaces the line of keys by what `decide` makes of it, and returns the new one. If another
   * process was first, decides again: each time that one has to, another has got something done.
   */
  async function change(
    decide: (line: Line, now: number) => Promise<Line>,
    by: Actor = { actor: 'system' },
    retired?: string,
  ): Promise<Line> {
    for (;;) {
      const { version, keys } = await store.read()
      const line = inOrder(keys)
      const now = clock()
      const after = settle(await decide(line, now), now, retention)
      const difference = differenceOf(line, after)
      const differs = difference.put.length + difference.remove.length > 0
      const made = difference.put.filter(({ id }) => !line.some((known) => known.id === id))
      const happened: readonly AuthEvent[] = [
        ...(retired === undefined
          ? []
          : [events.stamp({ ...by, type: 'key_retired', details: { key_id: retired } })]),
        ...made.map(({ id }) =>
          events.stamp({ ...by, type: 'key_rotated', details: { key_id: id } }),
        ),
      ]
      if (differs && !(await store.change(version, difference, happened))) continue
      // Before the step that may fail: the events have happened.
      for (const event of happened) events.publish(event)
      await ring.follow(differs ? version + 1 : version)
      return after
    }
  }

  /** Makes one key, however often a change has to be decided again. */
  function makeOnce(): (now: number) => Promise<SigningKeyRecord> {
    let made: Promise<SigningKeyRecord> | undefined
    return (now) => {
      made ??= makeKey(algorithm, keyEncryptionKey, now)
      return made
    }
  }

  /** The line with a key of the configured algorithm published; a next one of another is replaced. */
  async function publish(
    line: Line,
    now: number,
    make: ReturnType<typeof makeOnce>,
  ): Promise<Line> {
    return [...begun(line, now), { ...(await make(now)), signsFrom: now + publicationLead }]
  }

  /** The line with a key that signs now: the next one, which verifiers know, if there is one. */
  async function promote(
    line: Line,
    now: number,
    make: ReturnType<typeof makeOnce>,
  ): Promise<Line> {
    const promoted = nextOf(line, now, algorithm) ?? (await make(now))
    return [...begun(line, now), { ...promoted, signsFrom: atOnce(line, now) }]
  }

  const describe = (key: SigningKeyRecord, line: Line): ManagedKey => ({
    id: key.id,
    algorithm: key.algorithm,
    state: stateOf(key, line, clock()),
    createdAt: key.createdAt,
    signsFrom: key.signsFrom,
    verifiesUntil: key.verifiesUntil,
  })
  const newest = (line: Line): ManagedKey => describe(line.at(-1) as SigningKeyRecord, line)

  return {
    rotationInterval: interval,
    async list() {
      const line = inOrder((await store.read()).keys)
      return line.map((key) => describe(key, line))
    },
    async rotate({ atOnce: signsNow = false, by } = {}) {
      const make = makeOnce()
      let replaced: string | undefined
      return newest(
        await change(async (line, now) => {
          const active = activeOf(line, now)?.id
          replaced ??= active
          if (!signsNow) return nextOf(line, now, algorithm) ? line : await publish(line, now, make)
          // Of several that replace the same key at the same time, one does.
          return replaced === active ? await promote(line, now, make) : line
        }, by),
      )
    },
    async retire(id, by) {
      const make = makeOnce()
      const line = await change(
        async (keys, now) => {
          if (!keys.some((key) => key.id === id)) {
            throw new KeyError('key_unknown', 'There is no signing key of this id.')
          }
          const isActive = activeOf(keys, now)?.id === id
          const succeeded = isActive ? await promote(keys, now, make) : keys
          return succeeded.filter((key) => key.id !== id)
        },
        by,
        id,
      )
      return describe(activeOf(line, clock()) as SigningKeyRecord, line)
    },
    async maintain() {
      const make = makeOnce()
      await change(async (line, now) => {
        const alive = line.filter((key) => isAlive(key, now))
        const last = alive.at(-1)
        if (last === undefined) return [await make(now)]
        const overdue = interval > 0 && last.signsFrom + interval - publicationLead <= now
        const foreign = changesAlgorithm && last.algorithm !== algorithm
        return overdue || foreign ? await publish(alive, now, make) : alive
      })
      changesAlgorithm = false
    },
  }
}

function nextOf(
  line: Line,
  now: number,
  algorithm: SigningAlgorithm,
): SigningKeyRecord | undefined {
  return line.findLast((key) => stateOf(key, line, now) === 'next' && key.algorithm === algorithm)
}

/** Those that sign or have signed. */
function begun(line: Line, now: number): SigningKeyRecord[] {
  return line.filter((key) => stateOf(key, line, now) !== 'next')
}

function differenceOf(before: Line, after: Line): SigningKeyChange {
  const kept = new Set(after.map(({ id }) => id))
  return {
    put: after.filter((key) => !before.includes(key)),
    remove: before.filter(({ id }) => !kept.has(id)).map(({ id }) => id),
  }
}
