import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { actorOf } from '../../core/events/events.ts'
import { type AllowedApp, appsPage } from '../../pages/apps-page.ts'
import { scopesInWords } from '../../pages/texts/login-texts.ts'
import { nameOfClient } from '../endpoints/known-facts.ts'
import type { EndpointRequest } from '../mounted-endpoint.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { lacksFactor } from './browser-session.ts'
import type { FormBinding } from './csrf.ts'
import type { Flow } from './flow.ts'
import { moveOn, refuseMethod, showError, showPage } from './flow-answers.ts'
import { isAnswer, isOurForm, readFlowForm } from './flow-form.ts'
import { answerPageLogin, type LoginSubmission } from './login-form.ts'
import { type LoginPlace, showLogin } from './login-view.ts'

/** Answers the page on which users see what they have allowed clients. Somebody else logs in there first. */
export async function answerApps(flow: Flow, request: EndpointRequest): Promise<EndpointAnswer> {
  const { method } = request
  if (method === 'POST') return await withdraw(flow, request)
  if (method !== 'GET' && method !== 'HEAD') return refuseMethod(flow, request)
  const found = await flow.readBrowser(request)
  const browser = loggedIn(flow, found)
  return browser === null
    ? showLogin(flow, request, appsLogin(flow), found?.user.username ?? '')
    : await showApps(flow, request, browser)
}

/** Answers the login form of that page. */
export async function answerAppsLogin(
  flow: Flow,
  request: EndpointRequest,
  submit: LoginSubmission,
): Promise<EndpointAnswer> {
  return await answerPageLogin(flow, request, appsLogin(flow), submit)
}

/** The session if somebody is logged in there with all the factors that their role demands. */
function loggedIn({ auth }: Flow, browser: BrowserSession | null): BrowserSession | null {
  return browser === null || lacksFactor(auth, browser) ? null : browser
}

function appsLogin({ paths }: Flow): LoginPlace {
  return { action: paths.appsLogin, digest: '', client: null, continueAt: paths.apps }
}

async function withdraw(flow: Flow, request: EndpointRequest): Promise<EndpointAnswer> {
  const form = await readFlowForm(flow, request)
  if (isAnswer(form)) return form
  const { address, requestId } = request
  const browser = loggedIn(flow, await flow.readBrowser(request))
  const texts = flow.textsFor(request)
  if (browser === null) return moveOn(flow, texts, flow.paths.apps)
  const clientId = form.get('client') ?? ''
  const isOurs = isOurForm(flow, request, form, withdrawBinding(browser, clientId))
  if (!isOurs) return showError(flow, request, 403, 'foreign')
  const { id } = browser.user
  await flow.authorization.consents.withdraw(id, clientId, {
    ...{ actor: actorOf({ userId: id }), address, requestId },
  })
  return await showApps(flow, request, browser, await nameOfClient(flow.auth, clientId))
}

async function showApps(
  flow: Flow,
  request: EndpointRequest,
  browser: BrowserSession,
  withdrawn: string | null = null,
): Promise<EndpointAnswer> {
  const { site, auth, csrf, paths, authorization } = flow
  const { user } = browser
  const texts = flow.textsFor(request)
  const { value, cookies } = flow.formCookie(request)
  const permissions = auth.permissions.describe()
  const consents = await authorization.consents.list(user.id)
  const apps = await Promise.all(
    consents.map(async ({ clientId, scopes, createdAt }): Promise<AllowedApp> => {
      const hidden = {
        client: clientId,
        csrf: csrf.create(value, withdrawBinding(browser, clientId)),
      }
      return {
        ...{
          name: await nameOfClient(flow.auth, clientId),
          allowedAt: createdAt,
          action: paths.apps,
          hidden,
        },
        scopes: scopesInWords(scopes, texts, permissions),
      }
    }),
  )
  const page = appsPage({ site, texts, username: user.username, apps, withdrawn })
  return showPage(200, page, texts, { cookies })
}

function withdrawBinding({ session }: BrowserSession, clientId: string): FormBinding {
  return { form: 'withdraw', request: '', shown: [session.id, clientId] }
}
