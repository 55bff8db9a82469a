import type { MailKind } from '../kinds.ts'
import type { Letter } from './layout.ts'
import type { MailCommon, MailData } from './mail-data.ts'

/** The letters of a language, one for each kind of mail. */
export type Letters = {
  readonly [K in MailKind]: (data: MailData[K], common: MailCommon) => Letter
}

/** A row of what happened. */
export type Fact = readonly [name: string, value: string]

/** The instant in a language, in UTC: the time zone of the reader is not known. */
export function timesIn(language: string): (at: number) => string {
  // Made when the first mail needs it: what there is to know of a language takes a while to load.
  let format: Intl.DateTimeFormat | undefined
  return (at) => {
    format ??= new Intl.DateTimeFormat(language, {
      ...({ dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' } as const),
    })
    return `${format.format(1000 * at)} UTC`
  }
}
