import type { OwnSetting } from '../../../pages/own-parts.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import { ownTextsIn } from '../../../pages/texts/own-languages.ts'
import type { OwnNoticeName, OwnTexts } from '../../../pages/texts/own-texts.ts'
import { readDone } from './own-notice.ts'
import type { Visit } from './own-page.ts'

/** What every page of a visit shows. */
export function settingOf(visit: Visit): OwnSetting & { readonly notice: OwnNoticeName | null } {
  const { flow, request } = visit
  const texts = flow.textsFor(request)
  const own = ownTextsIn(texts.lang)
  const done = readDone(visit)?.what ?? ''
  return {
    ...{
      site: flow.site,
      texts,
      own,
      account: flow.ownPages.has('account') ? flow.paths.account : null,
    },
    notice: isNotice(own, done) ? done : null,
  }
}

function isNotice({ notices }: OwnTexts, name: string): name is OwnNoticeName {
  return Object.hasOwn(notices, name)
}

/** What stands above a login that must be recent. */
export const loginLead = ({ lang }: LoginTexts): string => ownTextsIn(lang).login
