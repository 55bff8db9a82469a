import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { emailCodePage, emailDonePage, emailPage } from '../../pages/email-page.ts'
import type { PostForm } from '../../pages/post-form.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { FormBinding } from './csrf.ts'
import type { Flow } from './flow.ts'
import { type FormFailure, showPage } from './flow-answers.ts'

/** The forms of the change of an address. */
export type EmailFormName = 'request' | 'confirm' | 'again' | 'remove'

/** What a form is bound to: the session, and what it says of an address that is not to be typed there. */
export function emailBinding(
  name: string,
  { session }: BrowserSession,
  email: string,
): FormBinding {
  const shown = name === 'confirm' || name === 'again' ? [session.id, email] : [session.id]
  return { form: `email ${name}`, request: '', shown }
}

/** The page with the address of today, and a form for another one. */
export function showEmail(
  flow: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
  { email = '', failure }: { readonly email?: string; readonly failure?: FormFailure } = {},
): EndpointAnswer {
  const texts = flow.textsFor(request)
  const { form, cookies } = createForms(flow, request, browser)
  const { email: address, emailVerifiedAt } = browser.user
  const page = emailPage({
    ...{ site: flow.site, texts, typed: email, problem: failure?.problem(texts) ?? null },
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
  flow: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
  { email, failure, isSentAgain = false }: CodeView,
): EndpointAnswer {
  const texts = flow.textsFor(request)
  const { form, cookies } = createForms(flow, request, browser)
  const page = emailCodePage({
    ...{ site: flow.site, texts, address: email, isSentAgain },
    problem: failure?.problem(texts) ?? null,
    confirm: form('confirm', email),
    again: form('again', email),
    another: flow.paths.email,
  })
  return showPage(failure?.status ?? 200, page, texts, { cookies })
}

/** The page that says what was done. */
export function showEmailDone(
  { site, textsFor }: Flow,
  request: EndpointRequest,
  address: string | null,
): EndpointAnswer {
  const texts = textsFor(request)
  return showPage(200, emailDonePage({ site, texts, address }), texts)
}

function createForms(
  { csrf, paths, formCookie }: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
): {
  readonly form: (name: EmailFormName, email?: string) => PostForm
  readonly cookies: readonly string[]
} {
  const { value, cookies } = formCookie(request)
  return {
    cookies,
    form: (name, email = '') => ({
      action: paths.email,
      hidden: {
        form: name,
        csrf: csrf.create(value, emailBinding(name, browser, email)),
        ...(email !== '' && { email }),
      },
    }),
  }
}
