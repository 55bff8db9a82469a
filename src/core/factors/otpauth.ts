import { renderSVG } from 'uqr'
import { encodeBase32, stepLength } from './totp.ts'

/** What an authenticator app is set up with. */
export interface TotpSetUp {
  /** The secret in base32, to be typed where no camera is. */
  readonly secret: string
  /** The same as a link, which an app on the same device opens. */
  readonly otpauthUri: string
  /** The link as a picture: an SVG document. */
  readonly qrSvg: string
}

/** @param issuer What the app shows the code under, with the name of the account. */
export function setUpOf(secret: Uint8Array, issuer: string, account: string): TotpSetUp {
  const text = encodeBase32(secret)
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const parameters = [
    ...[`secret=${text}`, `issuer=${encodeURIComponent(issuer)}`],
    ...['algorithm=SHA1', 'digits=6', `period=${stepLength}`],
  ]
  const otpauthUri = `otpauth://totp/${label}?${parameters.join('&')}`
  return { secret: text, otpauthUri, qrSvg: qrOf(otpauthUri) }
}

/** The picture of a link: an SVG document. */
export function qrOf(otpauthUri: string): string {
  return renderSVG(otpauthUri, { ecc: 'M', border: 4 })
}
