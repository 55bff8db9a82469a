import bidiModule from 'bidi-js'

/** Longest canonical username, in code points; an e-mail address fits. */
export const usernameMaxLength = 254
/** What a username must be, for those who chose another. */
export const usernameRule: string = `The username must have 1 to ${usernameMaxLength} letters, digits or ASCII signs, without spaces, from one script.`

// The package declares an ES default export but ships CommonJS, so Node hands over the function.
const bidi = (bidiModule as unknown as typeof bidiModule.default)()

const printableAscii = new RegExp(`^[\\x21-\\x7e]{1,${usernameMaxLength}}$`)
// RFC 8264 §4.2 IdentifierClass: letters, digits and marks of any script, and printable ASCII.
const identifier = /^[\p{L}\p{Nd}\p{Mn}\p{Mc}\x21-\x7e]+$/u
// RFC 8264 §9.6 and §9.9 (exceptions), §9.9 (ignorable), §9.9 (old Hangul jamo): refused whole.
// The CONTEXTO marks of appendix A are refused too, which is narrower than the RFC, never wider.
const disallowed =
  /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]|\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}|[\u00b7\u0375\u05f3\u05f4\u30fb]/u
// RFC 8265 §3.3.2: only fullwidth and halfwidth forms are mapped by width.
const widthForms = /[\uff01-\uffef\u3000]/gu

/**
 * Returns the canonical form of a username (UsernameCaseMapped profile, RFC 8265 §3.3), or null if
 * it has none: `Ａlice`, `ALICE` and `alice` are one account.
 *
 * Narrower than the profile in two ways: a username is one part without spaces, and its letters
 * come from one script (UTS #39 "highly restrictive"), so that a Cyrillic `аdmin` is refused.
 *
 * Does not check that the username is free.
 */
export function canonicalUsername(input: string): string | null {
  // The value may come from an unvalidated body.
  if (typeof input !== 'string') return null
  // The steps below would also return null, but take twenty times as long.
  if (printableAscii.test(input)) return input.toLowerCase()
  if (input.length > 4 * usernameMaxLength) return null
  // Composed first: Korean typed on some systems comes as letters, which RFC 8264 §9.9 refuses alone.
  const prepared = mapWidth(input).normalize('NFC')
  // Checked before and after mapping: a mapping must neither hide nor produce a refused character.
  if (!isIdentifier(prepared)) return null
  const username = foldUsername(prepared)
  if (!isIdentifier(username) || [...username].length > usernameMaxLength) return null
  if (!hasOneScript(username) || !obeysBidiRule(username)) return null
  return username
}

/** Maps a part of a username as the whole is mapped, for a search. Refuses nothing. */
export function foldUsername(text: string): string {
  return mapWidth(text).toLowerCase().normalize('NFC')
}

/** Maps fullwidth and halfwidth forms to the usual ones (RFC 8265 §3.3.2). */
export function mapWidth(input: string): string {
  return input.replace(widthForms, (character) => character.normalize('NFKC'))
}

function isIdentifier(text: string): boolean {
  if (!identifier.test(text) || disallowed.test(text)) return false
  // RFC 8264 §9.17 HasCompat: a character that NFKC would change into another is refused.
  const composed = text.normalize('NFC')
  return composed.normalize('NFKC') === composed
}

const scripts = (
  'Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya ' +
  'Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Khmer ' +
  'Han Hiragana Katakana Bopomofo'
).split(' ')
// UTS #39 §5.2: Latin may stand beside the scripts that Japanese, Chinese and Korean are written in.
const scriptSets = [
  ...scripts.map((script) => [script]),
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]
/** Made when a name needs them: they take longer than all else that loads here. */
let scriptTests: readonly RegExp[] | undefined

/** True if the letters come from one script (UTS #39 "highly restrictive"). */
export function hasOneScript(text: string): boolean {
  scriptTests ??= scriptSets.map((set) => {
    const characters = [...set, 'Zyyy', 'Zinh'].map((script) => `\\p{scx=${script}}`)
    return new RegExp(`^[${characters.join('')}]*$`, 'u')
  })
  return scriptTests.some((test) => test.test(text))
}

/** The Bidi Rule, RFC 5893 §2, for names with right-to-left characters. */
function obeysBidiRule(text: string): boolean {
  const types = [...text].map((character) => bidi.getBidiCharTypeName(character))
  if (!types.some((type) => type === 'R' || type === 'AL' || type === 'AN')) return true
  const last = types.findLast((type) => type !== 'NSM') ?? ''
  if (types[0] === 'R' || types[0] === 'AL') {
    return (
      types.every((type) => /^(R|AL|AN|EN|ES|CS|ET|ON|BN|NSM)$/.test(type)) &&
      /^(R|AL|EN|AN)$/.test(last) &&
      !(types.includes('EN') && types.includes('AN'))
    )
  }
  // A left-to-right name holds no right-to-left character at all.
  return false
}
