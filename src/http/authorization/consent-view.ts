import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { consentPage } from '../../pages/consent-page.ts'
import { continuePage } from '../../pages/continue-page.ts'
import type { PostForm } from '../../pages/post-form.ts'
import { scopesInWords } from '../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import type { FormBinding } from './csrf.ts'
import type { Flow } from './flow.ts'
import { type FormFailure, showPage } from './flow-answers.ts'
import type { Interaction } from './interaction.ts'
import { formatQuery } from './query-parameters.ts'

/** The question what a client may do, or whether it is the one that somebody has just started. */
export type Question = Interaction & { readonly kind: 'consent' | 'continue' }

/** What a question is bound to: who was asked, and what. */
export function questionBinding(
  kind: string,
  digest: string,
  { session, user }: BrowserSession,
  scope: string,
): FormBinding {
  return { form: kind, request: digest, shown: [session.id, user.id, scope] }
}

/** The page with a question. */
export function showQuestion(
  flow: Flow,
  request: EndpointRequest,
  asking: AuthorizationRequest,
  question: Question,
  failure?: FormFailure,
): EndpointAnswer {
  const { parameters, digest, target } = asking
  const { browser } = question
  const { username, id: user } = browser.user
  const texts = flow.textsFor(request, parameters.values.get('ui_locales'))
  const { value, cookies } = flow.formCookie(request)
  const scope = question.kind === 'consent' ? question.asked.join(' ') : ''
  const csrf = flow.csrf.create(value, questionBinding(question.kind, digest, browser, scope))
  const hidden = { csrf, form: question.kind, user, scope }
  const action = `${flow.paths.consent}?${formatQuery(parameters, parameters.proof)}`
  const switchAccount: PostForm = { action, hidden: { ...hidden, decision: 'switch' } }
  const problem = failure?.problem(texts) ?? null
  const common = { site: flow.site, texts, username, action, hidden, switchAccount, problem }
  const page =
    question.kind === 'consent'
      ? consentPage({
          ...common,
          client: askingClient(flow, asking),
          scopes: scopesInWords(question.asked, texts, flow.auth.permissions.describe()),
        })
      : continuePage({ ...common, client: target.client })
  return showPage(failure?.status ?? 200, page, texts, { cookies })
}

function askingClient(
  { auth }: Flow,
  { target }: AuthorizationRequest,
): Parameters<typeof consentPage>[0]['client'] {
  const { name, clientUri, logoUri, policyUri, tosUri } = target.client
  const url = new URL(target.redirectUri)
  return {
    ...{ name, uri: clientUri, logo: pathHere(logoUri, auth.issuer), policyUri, tosUri },
    redirectHost: url.host || url.protocol.slice(0, -1),
  }
}

/** Pages load nothing from another origin: the picture of a client is shown if this server has it. */
function pathHere(uri: string | null, issuer: string): string | null {
  const url = URL.parse(uri ?? '')
  return url?.origin === new URL(issuer).origin ? url.pathname + url.search : null
}
