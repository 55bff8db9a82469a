/**
 * The passwords that this project prints: those of the demo users, and of the examples. Everybody can
 * look them up.
 */
export const samplePasswords = {
  alice: 'three green tractors sing',
  bob: 'four blue tractors dance',
} as const
