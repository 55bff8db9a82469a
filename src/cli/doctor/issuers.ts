import { createRoles } from '../../core/access/roles.ts'
import { systemClock } from '../../core/clock.ts'
import type { IssuerProbe, TrustedIssuer } from '../../core/issuers/external-issuer.ts'
import { parseIssuers } from '../../server/settings/issuers.ts'
import { judgeOffset } from './clock.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('outside-issuers')

/** Milliseconds for metadata and keys, above which the first request after a start waits noticeably. */
const slow = 2000

/** The keys of every other issuer can be had and used, and its clock agrees with ours. */
export async function checkIssuers({ config }: Subject): Promise<readonly Finding[]> {
  const issuers = parseIssuers(config.issuers, config.issuer, createRoles(config.roles), [])
  return (await Promise.all(issuers.map(checkIssuer))).flat()
}

async function checkIssuer(trusted: TrustedIssuer): Promise<readonly Finding[]> {
  const { issuer } = trusted
  const open = trusted.open(systemClock)
  const startedAt = performance.now()
  try {
    const probe = await open.probe()
    const latency = performance.now() - startedAt
    const found = [judgeKeys(issuer, probe, latency)]
    if (latency > slow) {
      found.push(
        warning(
          `${issuer} took ${(latency / 1000).toFixed(1)} s for its metadata and keys.`,
          'Look at the network between here and there: requests wait that long when no keys are known.',
        ),
      )
    }
    return [...found, ...(await clockFindings(trusted))]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [
      problem(
        `The keys of ${issuer} cannot be had: ${reason}.`,
        'Check the issuer in ISSUERS to the last slash, and that this machine can reach it.',
      ),
    ]
  } finally {
    open.close()
  }
}

function judgeKeys(issuer: string, { keys, algorithms }: IssuerProbe, latency: number): Finding {
  const usable = keys.filter((key) => algorithms.some((algorithm) => fits(key, algorithm)))
  if (usable.length === 0) {
    const offered = [...new Set(keys.map(({ alg, kty }) => alg ?? kty))].join(', ')
    return problem(
      `${issuer} has no key for ${algorithms.join(', ')}: its keys are for ${offered}.`,
      'Name its algorithm in the algorithms of its entry in ISSUERS.',
    )
  }
  const count = `${usable.length} usable ${usable.length === 1 ? 'key' : 'keys'}`
  return ok(`${issuer} has ${count} for ${algorithms.join(', ')}, in ${latency.toFixed(0)} ms.`)
}

/** The kind of key that an algorithm needs (RFC 7518 §3.1, RFC 8037). */
function fits({ kty, crv, alg }: IssuerProbe['keys'][number], algorithm: string): boolean {
  if (alg !== undefined) return alg === algorithm
  if (/^[RP]S/.test(algorithm)) return kty === 'RSA'
  const curve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm] ?? 'Ed25519'
  return crv === curve
}

/** A second matters here, and the answer's header has no finer time than that. */
async function clockFindings({ issuer, discoveryUrl }: TrustedIssuer): Promise<readonly Finding[]> {
  try {
    const response = await fetch(discoveryUrl, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(slow),
    })
    const date = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(date)) return []
    return [judgeOffset(issuer, (date - Date.now()) / 1000)]
  } catch {
    // That it can be reached was found out already; not everybody answers this.
    return []
  }
}
