import { de } from './login-de.ts'
import { en } from './login-en.ts'
import type { LoginTexts } from './login-texts.ts'

const languages: ReadonlyMap<string, LoginTexts> = new Map([
  ['en', en],
  ['de', de],
])

/** The languages that there are pages of logging in in. */
export const loginLocales: readonly string[] = [...languages.keys()]

/** The texts in a language; in English where there are none in it. */
export function loginTextsIn(locale: string): LoginTexts {
  return languages.get(locale) ?? en
}
