import type { AccountTexts } from './account-texts.ts'
import { de } from './de.ts'
import { en } from './en.ts'

const languages: Readonly<Record<string, AccountTexts>> = { en, de }

/** The languages that there are pages in. */
export const pageLocales: readonly string[] = Object.keys(languages)

/** The texts in a language; in English where there are none in it. */
export function textsIn(locale: string): AccountTexts {
  return languages[locale] ?? en
}
