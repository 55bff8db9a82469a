import { emailCodePage, emailDonePage, emailPage } from '../../../pages/email-page.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { type FormFailure, showPage } from '../flow-answers.ts'
import { createOwnForms } from './own-forms.ts'
import { renewedCookie } from './own-origin.ts'
import { pathOf, type Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The page with the address of today, and a form for another one. */
export function showEmail(
  visit: Visit,
  { email = '', failure }: { readonly email?: string; readonly failure?: FormFailure } = {},
): EndpointAnswer {
  const { browser } = visit
  const setting = settingOf(visit)
  const { texts } = setting
  const { form, cookies } = createOwnForms(visit)
  const { email: address, emailVerifiedAt } = browser.user
  const page = emailPage({
    ...{ ...setting, typed: email, problem: failure?.problem(texts) ?? null },
    current: address === null ? null : { address, isVerified: emailVerifiedAt !== null },
    change: form('request'),
    remove: form('remove'),
  })
  return showPage(failure?.status ?? 200, page, texts, { cookies })
}

/** What the page for the code shows. */
interface CodeView {
  /** Where it was sent, as it was typed; empty if that is not known. */
  readonly email: string
  readonly failure?: FormFailure
  readonly isSentAgain?: boolean
}

/** The page with a field for the code. It is the same for every address. */
export function showCode(
  visit: Visit,
  { email, failure, isSentAgain = false }: CodeView,
): EndpointAnswer {
  const setting = settingOf(visit)
  const { texts } = setting
  const { form, cookies } = createOwnForms(visit)
  const sentTo: Readonly<Record<string, string>> = email === '' ? {} : { email }
  const page = emailCodePage({
    ...{ ...setting, address: email, isSentAgain },
    problem: failure?.problem(texts) ?? null,
    confirm: form('confirm', sentTo),
    again: form('again', sentTo),
    another: pathOf(visit.flow, visit.page),
  })
  return showPage(failure?.status ?? 200, page, texts, { cookies })
}

/** The page that says what was done. That has ended all other sessions: a copy of the cookie is one. */
export async function showEmailDone(visit: Visit, address: string | null): Promise<EndpointAnswer> {
  const { site, textsFor } = visit.flow
  const texts = textsFor(visit.request)
  const cookies = await renewedCookie(visit)
  return showPage(200, emailDonePage({ site, texts, address }), texts, { cookies })
}
