import { domainToASCII, domainToUnicode } from 'node:url'
import { hasOneScript, mapWidth } from './username.ts'

/** An e-mail address that has been read. */
export interface EmailAddress {
  /** What mails are sent to, in ASCII: the local part as it was typed, the domain in lower case and A-labels. */
  readonly email: string
  /** What addresses are compared by: `email` in lower case. `a.b` and `a+x` stay apart from `ab` and `a`. */
  readonly key: string
}

/** What an address must be, for those who gave another text. */
export const emailRule: string =
  'The e-mail address must be of the form name@example.com, with ASCII letters, digits or signs before the @.'

const maxLength = 254
const maxLocalLength = 64

// RFC 5322 §3.2.3 dot-atom of ASCII: no quotes, no comments, no spaces.
const localPart = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
// Of ASCII no more than host names have: nothing that a parser of URLs takes for a port, a path or a literal.
const typedDomain = /^[\da-z.\u0080-\u{10ffff}-]+$/iu
// RFC 1123 §2.1. The last label is no number, so no IPv4 address is a domain.
const hostName =
  /^(?:[\da-z](?:[\da-z-]{0,61}[\da-z])?\.)+(?!\d+$)[\da-z](?:[\da-z-]{0,61}[\da-z])?$/

/**
 * Reads an e-mail address; null if the text is none. Wide letters are made narrow and the domain is made
 * ASCII (UTS #46) first. All checks are of the result, so nothing that is checked changes afterwards.
 *
 * Narrower than RFC 5321: the local part is a dot-atom of ASCII of 64 characters at most, the domain has a
 * dot and is no address literal, and all is 254 characters at most.
 *
 * Does not check that the address exists, nor that one person reads it; see `isMixedScript` too.
 */
export function readEmail(text: unknown): EmailAddress | null {
  if (typeof text !== 'string' || text.length > 4 * maxLength) return null
  const [local = '', typed, ...more] = mapWidth(text).split('@')
  if (typed === undefined || more.length > 0) return null
  if (local.length > maxLocalLength || !localPart.test(local) || !typedDomain.test(typed))
    return null
  const domain = domainToASCII(typed.toLowerCase())
  if (!hostName.test(domain) || !domain.split('.').every(isLabel)) return null
  const email = `${local}@${domain}`
  return email.length > maxLength ? null : { email, key: email.toLowerCase() }
}

/** False for an A-label that stands for nothing, or for what has another A-label. */
function isLabel(label: string): boolean {
  if (!label.startsWith('xn--')) return true
  const shown = domainToUnicode(label)
  return shown !== label && domainToASCII(shown) === label
}

/**
 * True if a label of the domain mixes scripts, such as a Cyrillic `а` in `аpple.com` (UTS #39 §5.2). Who
 * gives an own address may not have such a domain.
 *
 * Does not find a domain that looks like another in one script: show addresses as they are stored.
 */
export function isMixedScript({ email }: EmailAddress): boolean {
  const domain = email.slice(email.indexOf('@') + 1)
  return !domainToUnicode(domain).split('.').every(hasOneScript)
}
