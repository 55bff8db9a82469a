import {
  type FirebaseParameters,
  formatFirebaseHash,
} from '../../core/passwords/formats/firebase-scrypt.ts'
import {
  BadEntry,
  emailOf,
  flagOf,
  instantOfMilliseconds,
  type Mapping,
  textOf,
  usernameOf,
} from './fields.ts'

/** The columns of `firebase auth:export` to CSV, which has no line that names them. */
export const firebaseColumns: readonly string[] = [
  ...['localId', 'email', 'emailVerified', 'passwordHash', 'salt', 'displayName', 'photoUrl'],
  // Four for each of Google, Facebook, Twitter and GitHub.
  ...Array.from({ length: 16 }, (_, index) => `provider${index}`),
  ...['createdAt', 'lastSignedInAt', 'phoneNumber', 'disabled'],
]

/** A user of `firebase auth:export`. The hashes need what all of the project's share. */
export function firebase(parameters?: FirebaseParameters): Mapping {
  return (fields) => {
    const hash = textOf(fields, 'passwordHash')
    if (hash !== undefined && parameters === undefined) {
      throw new BadEntry(
        'The hash needs the parameters of its project: give --firebase-hash-config.',
      )
    }
    return {
      username: usernameOf(fields, 'email'),
      passwordHash:
        hash && parameters && formatFirebaseHash(parameters, textOf(fields, 'salt') ?? '', hash),
      active: !flagOf(fields, 'disabled'),
      createdAt: instantOfMilliseconds(fields, 'createdAt'),
      ...emailOf(fields, 'emailVerified'),
    }
  }
}

/**
 * Reads the "password hash parameters" of Firebase's console, as they are copied there or as JSON.
 * Null if one is missing, or another algorithm is named.
 */
export function parseFirebaseParameters(text: string): FirebaseParameters | null {
  const find = (name: string): string | undefined =>
    text.match(new RegExp(`"?${name}"?\\s*:\\s*"?([A-Za-z0-9+/=_-]+)`))?.[1]
  const signerKey = find('base64_signer_key')
  const saltSeparator = find('base64_salt_separator')
  const rounds = Number(find('rounds'))
  const memoryCost = Number(find('mem_cost'))
  if (signerKey === undefined || saltSeparator === undefined) return null
  if (!Number.isInteger(rounds) || !Number.isInteger(memoryCost)) return null
  if ((find('algorithm') ?? 'SCRYPT') !== 'SCRYPT') return null
  return { signerKey, saltSeparator, rounds, memoryCost }
}
