import { isIP } from 'node:net'
import type { FactorsOptions } from '../core/factors/factor-options.ts'
import type { Config } from './settings/settings.ts'

/** The option `factors` of a configuration; undefined if nobody has second factors. */
export function factorOptions(config: Config): FactorsOptions | undefined {
  const { factors, factorRoles, factorRolesFrom, siteName } = config
  const { passkeys, passkeyRpId: rpId, passkeyOrigins: origins } = config
  if (factors === 'off') return undefined
  return {
    required: factorRoles,
    requiredFrom: factorRolesFrom,
    passkeys: passkeys &&
      passkeysOffBecause(config) === null && { origins, ...(rpId !== undefined && { rpId }) },
    ...(siteName !== undefined && { issuerName: siteName.replaceAll(':', ' ').slice(0, 64) }),
  }
}

/**
 * Why nobody has passkeys here though they are switched on; null if they are there. The server is useful without
 * them, and an address is what somebody tries first.
 */
export function passkeysOffBecause({
  passkeys,
  issuer,
}: Pick<Config, 'passkeys' | 'issuer'>): string | null {
  const { hostname } = new URL(issuer)
  if (!passkeys || isIP(hostname.replace(/^\[|\]$/g, '')) === 0) return null
  return `Passkeys are off: browsers make none for an IP address, and ISSUER has ${hostname}.`
}
