import type { StoreErrorCode } from '../store-error.ts'
import { TimeLimitError } from '../time-limit.ts'
import { readPoolerRefusal } from './pooler-error.ts'

/** Why a server cannot be used, with the server as the subject: "refuses connections". Has no secret. */
export interface ConnectFailure {
  readonly says: string
  /** Set if waiting does not mend it: what `StoreError` calls it. */
  readonly permanent?: StoreErrorCode
  /** True if the other hosts would say the same. As in libpq, they are not asked. */
  readonly final?: boolean
}

/** A server that was reached and can only be read. */
export class ReadOnlyServerError extends Error {
  override readonly name = 'ReadOnlyServerError'
}

/** No host of the URL could be used. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  readonly permanent: StoreErrorCode | undefined

  constructor(message: string, permanent: StoreErrorCode | undefined, options?: ErrorOptions) {
    super(message, options)
    this.permanent = permanent
  }
}

/** Explains why a connection was not made, for the operator of the database. */
export function explainConnecting(error: unknown): ConnectFailure {
  if (error instanceof ReadOnlyServerError) return { says: error.message }
  if (error instanceof TimeLimitError) return { says: 'does not answer' }
  const ofPooler = readPoolerRefusal(error)
  if (ofPooler?.kind === 'setting') return { says: settingRefused(ofPooler.name) }
  if (ofPooler?.kind === 'no_server') return { says: 'is a pooler that cannot reach its server' }
  const { code, message = '' } = Object(error) as { code?: unknown; message?: string }
  const known = typeof code === 'string' ? reasons[ofPooler?.code ?? code] : undefined
  if (known !== undefined) return known
  // What the driver itself says has no code.
  if (message.startsWith('SASL')) return userRefused
  if (message.includes('does not support SSL')) return withoutTls
  if (typeof code === 'string' && isTls.test(code)) return untrusted(code)
  if (typeof code === 'string' && isSqlState.test(code))
    return { says: `refuses with code ${code}` }
  return { says: 'closes the connection' }
}

const isSqlState = /^(?=.*\d)[0-9A-Z]{5}$/
// https://nodejs.org/api/tls.html#x509-certificate-error-codes, and the errors of TLS itself.
const isTls = /CERT|SIGNED|VERIFY|ISSUER|CRL|^ERR_(TLS|SSL|OSSL)|^EPROTO$/

const userRefused: ConnectFailure = {
  says: 'refuses the user or the password of the URL: correct them',
  permanent: 'access_denied',
  final: true,
}

const reasons: Readonly<Record<string, ConnectFailure | undefined>> = {
  ECONNREFUSED: { says: 'refuses connections' },
  ECONNRESET: { says: 'closes the connection' },
  EPIPE: { says: 'closes the connection' },
  ETIMEDOUT: { says: 'does not answer' },
  EHOSTUNREACH: { says: 'cannot be reached' },
  ENETUNREACH: { says: 'cannot be reached' },
  ENOTFOUND: { says: 'is not a known host name' },
  EAI_AGAIN: { says: 'cannot be looked up: the name server does not answer' },
  ENOENT: { says: 'is not there: no server listens on that socket' },
  EACCES: { says: 'is a socket that this user may not use', permanent: 'access_denied' },
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  '28P01': userRefused,
  '28000': {
    says: 'does not let this user in from here: correct the user, or pg_hba.conf on the server, which may want an sslmode in the URL',
    permanent: 'access_denied',
    final: true,
  },
  '42501': {
    says: 'does not let this user use the database: grant it connect',
    permanent: 'access_denied',
    final: true,
  },
  '3D000': {
    says: 'has no database of the name in the URL: create it, or correct the name',
    permanent: 'no_database',
    final: true,
  },
  '53300': { says: 'has no connection left' },
  '57P03': { says: 'is starting or stopping' },
}

const withoutTls: ConnectFailure = {
  says: 'does not offer TLS, which the URL asks for: switch it on there, or say sslmode=disable',
  permanent: 'no_tls',
}

function untrusted(code: string): ConnectFailure {
  const advice =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'its certificate is for another name: use that name in the URL, or sslmode=verify-ca'
      : code === 'CERT_HAS_EXPIRED'
        ? 'its certificate has expired: renew it'
        : `its certificate is not trusted (${code}): name the authority that issued it in sslrootcert`
  return { says: `cannot be connected to by TLS, ${advice}`, permanent: 'no_tls' }
}

function settingRefused(name: string): string {
  return name === 'options'
    ? 'is a pooler that refuses options: take them out of the URL, and set them for the role on the server'
    : `is a pooler that refuses the setting ${name}: add it to ignore_startup_parameters there`
}
