import type { FactorsOptions } from '../core/factors/factor-options.ts'
import type { Config } from './settings/settings.ts'

/** The option `factors` of a configuration; undefined if nobody has second factors. */
export function factorOptions(config: Config): FactorsOptions | undefined {
  const { factors, factorRoles, factorRolesFrom, siteName } = config
  if (factors === 'off') return undefined
  return {
    required: factorRoles,
    requiredFrom: factorRolesFrom,
    ...(siteName !== undefined && { issuerName: siteName.replaceAll(':', ' ').slice(0, 64) }),
  }
}
