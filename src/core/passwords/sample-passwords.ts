/**
 * The passwords that this project prints: those of the demo users, and of the examples. Everybody can
 * look them up.
 */
export const samplePasswords = {
  alice: 'three green tractors sing',
  bob: 'four blue tractors dance',
} as const

/** True if a password is one of them, whatever joins its words or follows them. */
export function isSamplePassword(password: string): boolean {
  return Object.values(samplePasswords).some((sample) => lettersOf(sample) === lettersOf(password))
}

/** What everybody remembers of a phrase: not how its words are joined, nor what is put behind them. */
export function lettersOf(phrase: string): string {
  return phrase.toLowerCase().replace(/\P{L}+/gu, '')
}
