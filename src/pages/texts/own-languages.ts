import { de } from './own-de.ts'
import { en } from './own-en.ts'
import type { OwnTexts } from './own-texts.ts'

const languages: ReadonlyMap<string, OwnTexts> = new Map([
  ['en', en],
  ['de', de],
])

/** The texts in a language; in English where there are none in it. */
export function ownTextsIn(locale: string): OwnTexts {
  return languages.get(locale) ?? en
}
