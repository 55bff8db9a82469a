import { actorOf } from '../../../core/events/events.ts'
import { type AllowedApp, appsPage } from '../../../pages/apps-page.ts'
import { scopesInWords } from '../../../pages/texts/login-texts.ts'
import { nameOfClient } from '../../endpoints/known-facts.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { showPage } from '../flow-answers.ts'
import { createOwnForms } from './own-forms.ts'
import { readDone, showDone } from './own-notice.ts'
import type { OwnPage, Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The page on which users see what they have allowed clients, and withdraw it. */
export const page: OwnPage = {
  name: 'apps',
  steps: { '': { show } },
  forms: {
    withdraw: {
      bound: ['client'],
      async submit(visit, form) {
        const { flow, request, browser } = visit
        const { address, requestId } = request
        const { id } = browser.user
        const clientId = form.get('client') ?? ''
        const by = { actor: actorOf({ userId: id }), address, requestId }
        await flow.authorization.consents.withdraw(id, clientId, by)
        return showDone(visit, { what: 'withdrawn', about: clientId })
      },
    },
  },
}

async function show(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const { auth, authorization } = flow
  const { user } = browser
  const setting = settingOf(visit)
  const { texts } = setting
  const { form, cookies } = createOwnForms(visit)
  const permissions = auth.permissions.describe()
  const consents = await authorization.consents.list(user.id)
  const apps = await Promise.all(
    consents.map(
      async ({ clientId, scopes, createdAt }): Promise<AllowedApp> => ({
        ...form('withdraw', { client: clientId }),
        ...{ name: await nameOfClient(auth, clientId), allowedAt: createdAt },
        scopes: scopesInWords(scopes, texts, permissions),
      }),
    ),
  )
  const done = readDone(visit)
  const withdrawn = done?.what === 'withdrawn' ? await nameOfClient(auth, done.about) : null
  const page = appsPage({ ...setting, username: user.username, apps, withdrawn })
  return showPage(200, page, texts, { cookies })
}
