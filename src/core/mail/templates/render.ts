import type { MailKind } from '../kinds.ts'
import { preferredLocale } from '../locale.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { layOut } from './layout.ts'
import type { Letters } from './letters.ts'
import type {
  MailCommon,
  MailTemplate,
  MailTemplates,
  MailText,
  ResolvedMail,
} from './mail-data.ts'

const languages: Readonly<Record<string, Letters>> = { en, de }

/** The languages that there are texts in. */
export const mailLocales: readonly string[] = Object.keys(languages)

export interface RenderOptions {
  /** The name of the site. */
  readonly name: string
  /** The address of the site: the issuer. */
  readonly url: string
  /** For a reader without a language, or with one that there is no text in. Default `en`. */
  readonly locale?: string | undefined
  /** Templates in the place of ours, by kind. */
  readonly templates?: MailTemplates | undefined
}

/** Returns what makes the text of a mail, in the language of its reader. */
export function createRender({
  name,
  url,
  locale = 'en',
  templates = {},
}: RenderOptions): (mail: ResolvedMail) => MailText {
  function render<K extends MailKind>(
    kind: K,
    data: Extract<ResolvedMail, { readonly kind: K }>['data'],
    common: MailCommon,
  ): MailText {
    // Each is the one of its kind, which the compiler cannot tell of a mapped type.
    const own = templates[kind] as MailTemplate<K> | undefined
    if (own !== undefined) return own(data as never, common)
    const spoken = preferredLocale(common.locale, mailLocales) ?? 'en'
    const letters = languages[spoken] ?? en
    return layOut(letters[kind](data as never, common), { ...common, locale: spoken })
  }
  return (mail) => {
    const known = preferredLocale(mail.locale, mailLocales)
    return render(mail.kind, mail.data, { locale: known ?? locale, name, url })
  }
}
