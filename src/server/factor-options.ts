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
    passkeys: passkeys && { origins, ...(rpId !== undefined && { rpId }) },
    ...(siteName !== undefined && { issuerName: siteName.replaceAll(':', ' ').slice(0, 64) }),
  }
}
