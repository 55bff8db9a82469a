import { clockTolerance } from '../clock.ts'
import type { SigningKeyRecord } from './key-store.ts'

// The life of a managed key. All keys form one line, whatever their algorithms. The newest key whose
// time has come signs. Every process reads the same line, so all sign with the same key.

/** Seconds that a verifier may keep the JWK Set. */
export const jwksMaxAge: number = 5 * 60
/** Seconds that a key is published before it signs: more than any verifier keeps the JWK Set. */
export const publicationLead: number = 60 * 60
/** Seconds after which a key is replaced, unless configured. */
export const keyRotationInterval: number = 90 * 86400
/** Least seconds between rotations, so that keys do not pile up. */
export const keyRotationMinimum: number = 86400

/** True for 0, which is never, and for whatever is not too often. */
export function isRotationInterval(seconds: number): boolean {
  return seconds === 0 || (Number.isSafeInteger(seconds) && seconds >= keyRotationMinimum)
}

/**
 * `next`: published, does not sign yet. `active`: signs. `retiring`: signs no more, verifies until
 * its last token has died. `dead`: neither; deleted at the next maintenance.
 */
export type KeyState = 'next' | 'active' | 'retiring' | 'dead'

/** What decides the state of a key; seconds since 1970. */
export interface KeyTimes {
  readonly signsFrom: number
  readonly verifiesUntil: number | null
}

/** Returns the keys, oldest first. Of two of the same second, the one without an end is the newer. */
export function inOrder<K extends KeyTimes>(keys: readonly K[]): K[] {
  const end = (key: K): number => key.verifiesUntil ?? Number.MAX_SAFE_INTEGER
  return [...keys].sort((a, b) => a.signsFrom - b.signsFrom || end(a) - end(b))
}

export function isAlive({ verifiesUntil }: Pick<KeyTimes, 'verifiesUntil'>, now: number): boolean {
  return verifiesUntil === null || now < verifiesUntil
}

/**
 * Returns the key that signs, of keys in order: the newest whose time has come. If none has come,
 * because another machine's clock is ahead of this one's, the first that will.
 */
export function activeOf<K extends KeyTimes>(line: readonly K[], now: number): K | undefined {
  const alive = line.filter((key) => isAlive(key, now))
  return alive.findLast((key) => key.signsFrom <= now) ?? alive[0]
}

/** Returns the state of a key of a line. */
export function stateOf<K extends KeyTimes>(key: K, line: readonly K[], now: number): KeyState {
  if (!isAlive(key, now)) return 'dead'
  if (key === activeOf(line, now)) return 'active'
  return key.signsFrom > now ? 'next' : 'retiring'
}

/**
 * Seconds that a key verifies after its successor signs: for tokens of its last second, clocks that
 * differ, and copies of the JWK Set in which the successor is not yet.
 */
export function retentionOf(accessTokenLifetime: number): number {
  return accessTokenLifetime + clockTolerance + jwksMaxAge
}

/** Returns when a key signs that is to sign at once, where the clock is behind too. */
export function atOnce(line: readonly KeyTimes[], now: number): number {
  // Not before its predecessor: it would not be the newest then.
  const predecessor = activeOf(line, now)?.signsFrom ?? 0
  return Math.max(now - clockTolerance, Math.min(predecessor, now))
}

/**
 * Returns the keys in order, with the ends that follow from it: the newest has none, and each other
 * one has one, not before its successor has signed for a retention.
 */
export function settle(
  keys: readonly SigningKeyRecord[],
  now: number,
  retention: number,
): SigningKeyRecord[] {
  const line = inOrder(keys)
  return line.map((key, index) => {
    const verifiesUntil = endOf(key, line[index + 1], now, retention)
    return verifiesUntil === key.verifiesUntil ? key : { ...key, verifiesUntil }
  })
}

function endOf(
  { verifiesUntil }: KeyTimes,
  successor: KeyTimes | undefined,
  now: number,
  retention: number,
): number | null {
  if (successor === undefined) return null
  // One that signs still may go on for longer than was thought: never for less.
  if (successor.signsFrom > now)
    return Math.max(verifiesUntil ?? 0, successor.signsFrom + retention)
  return verifiesUntil ?? now + retention
}
