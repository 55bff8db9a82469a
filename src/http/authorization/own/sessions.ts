import { browserClientId, firstPartyClientId } from '../../../core/clients/registration.ts'
import { programOf } from '../../../core/mail/program.ts'
import type { Session } from '../../../core/sessions/session-store.ts'
import { type ShownSession, sessionsPage } from '../../../pages/own-sessions-page.ts'
import { nameOfClient } from '../../endpoints/known-facts.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { createOwnForms, type OwnForms } from './own-forms.ts'
import { showDone } from './own-notice.ts'
import { actorIn, renewedCookie } from './own-origin.ts'
import type { OwnPage, Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The page on which users see where they are logged in, and end that. */
export const page: OwnPage = {
  name: 'sessions',
  steps: { '': { show } },
  forms: {
    end: { bound: ['session'], submit: end },
    endOthers: { submit: endOthers },
  },
}

async function show(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const setting = settingOf(visit)
  const forms = createOwnForms(visit)
  const current = browser.session.id
  const all = await flow.auth.sessions.list(browser.user.id)
  // This one first, then the newest.
  const sorted = all.toSorted((a, b) => Number(b.id === current) - Number(a.id === current))
  const page = sessionsPage({
    ...{ ...setting, logOut: flow.paths.logout },
    sessions: await Promise.all(sorted.map((each) => shown(visit, forms, each))),
    endOthers: all.some(({ id }) => id !== current) ? forms.form('endOthers') : null,
  })
  return showPage(200, page, setting.texts, { cookies: forms.cookies })
}

async function shown(
  { flow, browser }: Visit,
  { form }: OwnForms,
  { id, label, address, clientId, createdAt, rotatedAt }: Session,
): Promise<ShownSession> {
  const isNamed = clientId !== browserClientId && clientId !== firstPartyClientId
  const client = isNamed ? await nameOfClient(flow.auth, clientId) : null
  return {
    ...{ program: programOf(label), address, createdAt, usedAt: rotatedAt, client },
    isBrowser: clientId === browserClientId,
    end: id === browser.session.id ? null : form('end', { session: id }),
  }
}

async function end(visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const by = actorIn(visit)
  await flow.auth.sessions.end(form.get('session') ?? '', { userId: browser.user.id, by })
  // Also if it has ended by itself.
  return showDone(visit, { what: 'sessionEnded' })
}

async function endOthers(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  await flow.auth.users.endSessions(browser.user.id, actorIn(visit), browser.session.id)
  return showDone(visit, { what: 'othersEnded' }, await renewedCookie(visit))
}
