import { createHash, randomBytes } from 'node:crypto'
import type { SealedProofs } from '../../core/authorization/authorization.ts'

/** Seconds that a form may lie open. After that it is shown again, with what was typed. */
const formLifetime = 60 * 60

/** What a form is bound to, so that its proof is worth nothing for any other. */
export interface FormBinding {
  /** The name of the form. */
  readonly form: string
  /** The digest of the request that it belongs to; empty for none. */
  readonly request: string
  /** What it was shown for: the session, the user, the scopes. Default nothing. */
  readonly shown?: readonly string[]
}

/** Proofs that a form was sent by the browser that it was shown in (RFC 6749 §10.12). */
export interface CsrfProofs {
  /** @param cookie The value of the form cookie. */
  create(cookie: string, binding: FormBinding): string
  verify(text: string | undefined, cookie: string | null, binding: FormBinding): boolean
}

/** A new value of the form cookie: 128 random bits. */
export function newFormCookie(): string {
  return randomBytes(16).toString('base64url')
}

/** True if a text can be a value of the form cookie. */
export function isFormCookie(text: string | null): text is string {
  return text !== null && /^[\w-]{22}$/.test(text)
}

const purpose = 'form'

export function createCsrfProofs(proofs: SealedProofs): CsrfProofs {
  return {
    create: (cookie, binding) =>
      proofs.seal(purpose, { to: digest(cookie, binding) }, formLifetime),
    verify(text, cookie, binding) {
      if (text === undefined || cookie === null) return false
      // Not secret: who can read it in the proof has the form.
      return proofs.open(purpose, text)?.to === digest(cookie, binding)
    },
  }
}

function digest(cookie: string, { form, request, shown = [] }: FormBinding): string {
  const text = JSON.stringify([cookie, form, request, ...shown])
  return createHash('sha256').update(text).digest('base64url')
}

/**
 * True if a browser says that a form was sent from a page of this origin. Browsers of today say it in
 * `Sec-Fetch-Site`. Where that is missing `Origin` must be ours, if it is sent. `Host` is asked nothing.
 *
 * A proof of the form is needed besides: a program that is no browser sends neither.
 */
export function isFromOwnPage(
  header: (name: string) => string | undefined,
  issuer: string,
): boolean {
  const site = header('sec-fetch-site')
  // `none`: the person did it, such as by loading the answer again. No page can.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = header('origin')
  return origin === undefined || origin === new URL(issuer).origin
}
