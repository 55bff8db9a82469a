import { ConfigError } from '../../errors.ts'

/**
 * Loads what verifies passkeys, which only those need who switch them on.
 *
 * @throws {ConfigError} if it is not installed.
 */
export async function loadWebAuthn(): Promise<typeof import('@simplewebauthn/server')> {
  try {
    return await import('@simplewebauthn/server')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new ConfigError(
      ['Passkeys need the package @simplewebauthn/server: npm install @simplewebauthn/server@14.'],
      { cause },
    )
  }
}
