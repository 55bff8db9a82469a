import { decodeBase64, encodeBase64 } from '../../core/passwords/formats/stored-hash.ts'
import {
  BadEntry,
  type EntryFields,
  emailOf,
  fieldsIn,
  flagOf,
  instantOfMilliseconds,
  type Mapping,
  textOf,
  usernameOf,
} from './fields.ts'

/** A user of Keycloak's export of a realm. */
export const keycloak: Mapping = (fields) => {
  if (textOf(fields, 'serviceAccountClientId', 'serviceAccountClientLink') !== undefined) {
    throw new BadEntry('This is the service account of a client, not a user.')
  }
  const credentials = Array.isArray(fields.credentials) ? fields.credentials.map(fieldsIn) : []
  const password = credentials.find(({ type }) => type === 'password')
  return {
    username: usernameOf(fields, 'username'),
    passwordHash: password && hashOf(password),
    active: flagOf(fields, 'enabled'),
    createdAt: instantOfMilliseconds(fields, 'createdTimestamp'),
    id: textOf(fields, 'id'),
    ...emailOf(fields, 'emailVerified'),
  }
}

/** What Keycloak keeps of a password, as a PHC string. */
function hashOf(credential: EntryFields): string {
  const { value, salt, algorithm, hashIterations, additionalParameters } = partsOf(credential)
  if (typeof value !== 'string' || typeof salt !== 'string') {
    throw new BadEntry('The credential of type password has no hash and salt.')
  }
  const output = decodeBase64(value)
  const tail = `${encodeBase64(decodeBase64(salt))}$${encodeBase64(output)}`
  if (algorithm === 'argon2') {
    const parameters = fieldsIn(additionalParameters)
    // Each is a list of one text.
    const parameter = (name: string): string => String(parameters[name])
    const version = parameter('version') === '1.0' ? 16 : 19
    const cost = `m=${parameter('memory')},t=${hashIterations},p=${parameter('parallelism')}`
    return `$argon2${parameter('type')}$v=${version}$${cost}$${tail}`
  }
  const digest = String(algorithm).match(/^pbkdf2(?:-(sha256|sha512))?$/)
  if (!digest) throw new BadEntry('The password must be hashed with argon2 or pbkdf2.')
  return `$pbkdf2-${digest[1] ?? 'sha1'}$i=${hashIterations},l=${output.length}$${tail}`
}

/** Two texts of JSON; before Keycloak 8, members of the credential itself. */
function partsOf(credential: EntryFields): EntryFields {
  const { secretData, credentialData, hashedSaltedValue, value } = credential
  if (secretData !== undefined || credentialData !== undefined) {
    const { value, salt } = parse(secretData)
    return { ...parse(credentialData), value, salt }
  }
  if (hashedSaltedValue === undefined && value !== undefined) {
    throw new BadEntry('The credential holds the password itself: passwords are not imported.')
  }
  return { ...credential, value: hashedSaltedValue }
}

function parse(text: unknown): EntryFields {
  try {
    return fieldsIn(JSON.parse(String(text)))
  } catch {
    throw new BadEntry('The credential of type password is not JSON.')
  }
}
