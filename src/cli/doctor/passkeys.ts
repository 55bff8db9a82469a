import { ConfigError } from '../../core/errors.ts'
import { loadWebAuthn } from '../../core/factors/passkeys/load-webauthn.ts'
import { readPasskeyOptions } from '../../core/factors/passkeys/passkey-options.ts'
import { passkeysOffBecause } from '../../server/factor-options.ts'
import type { Config } from '../../server/settings/settings.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('passkeys')

/** Browsers can make passkeys for this server, and what verifies them is installed. */
export async function checkPasskeys({
  config,
}: Pick<Subject, 'config'>): Promise<readonly Finding[]> {
  if (!config.passkeys) return []
  const off = passkeysOffBecause(config)
  if (off !== null) {
    return [warning(off, 'Set ISSUER to a name with https, or to http://localhost for trials.')]
  }
  return [domainFinding(config), ...(await packageFindings(config))]
}

function domainFinding({ issuer, passkeyRpId, passkeyOrigins: origins }: Config): Finding {
  try {
    const given = { origins, ...(passkeyRpId !== undefined && { rpId: passkeyRpId }) }
    const { rpId } = readPasskeyOptions(given, issuer, 'site')
    const says = `Passkeys are made for ${rpId}, which ISSUER ${new URL(issuer).hostname === rpId ? 'names' : 'lies in'}.`
    return ok(says, 'If the server moves, keep this domain as PASSKEY_RP_ID, or no passkey works.')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return problem(error.problems.join(' '), 'Set ISSUER and PASSKEY_RP_ID to one domain.')
  }
}

async function packageFindings({ hostedLogin }: Config): Promise<readonly Finding[]> {
  const found: Finding[] = []
  try {
    await loadWebAuthn()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    found.push(missing('server'))
  }
  if (hostedLogin && !isInstalled('@simplewebauthn/browser')) found.push(missing('browser'))
  return found
}

function missing(part: 'server' | 'browser'): Finding {
  const name = `@simplewebauthn/${part}`
  return problem(`The package ${name} is not installed.`, `npm install ${name}@14`)
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
