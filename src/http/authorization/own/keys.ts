import type { ApiKeys } from '../../../core/api-keys/api-keys.ts'
import { ThrottledError, type UserError } from '../../../core/errors.ts'
import { madeKeyPage } from '../../../pages/own-keys-page.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { chosenScopes, day, isOfNewKey, keyState, showKeys, showNewKey } from './keys-view.ts'
import { failureOf } from './own-failure.ts'
import { showDone } from './own-notice.ts'
import { actorIn, originOf } from './own-origin.ts'
import { type OwnPage, pathOf, type Visit } from './own-page.ts'
import { loginLead, settingOf } from './own-setting.ts'
import { readTyped } from './own-typed.ts'

/** The page with the API keys of a user. To make one needs a recent login. */
export const page: OwnPage = {
  name: 'keys',
  lead: loginLead,
  steps: {
    '': { show: (visit) => showKeys(visit) },
    new: {
      isDangerous: true,
      show: (visit) => showNewKey(visit, { form: readTyped(visit, 'make') }),
    },
  },
  forms: {
    make: { step: 'new', keeps: isOfNewKey, state: keyState, submit: makeKey },
    end: { bound: ['key'], submit: endKey },
  },
  explain,
}

async function makeKey(visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const { userAgent } = originOf(visit)
  const [name, days] = [form.get('name') ?? '', form.get('days') ?? '']
  const asked = {
    ...{ userId: browser.user.id, sessionId: browser.session.id, userAgent },
    ...{ name, scopes: chosenScopes(form), lifetime: Number(days) * day },
  }
  const made = await keysOf(visit).create(asked, actorIn(visit))
  const setting = settingOf(visit)
  const list = pathOf(flow, visit.page)
  const shown = madeKeyPage({ ...setting, name: made.name, key: made.key, list })
  return showPage(200, shown, setting.texts)
}

async function endKey(visit: Visit, form: FlowForm): Promise<EndpointAnswer> {
  const { user } = visit.browser
  await keysOf(visit).end(user.id, form.get('key') ?? '', actorIn(visit))
  // Also if another tab has ended it.
  return showDone(visit, { what: 'keyEnded' })
}

/** There are some where the page is. */
function keysOf({ flow }: Visit): ApiKeys {
  return flow.auth.apiKeys as ApiKeys
}

async function explain(
  visit: Visit,
  form: FlowForm,
  error: UserError | ThrottledError,
): Promise<EndpointAnswer | null> {
  const isOfForm =
    !(error instanceof ThrottledError) &&
    (error.code === 'api_key_invalid' || error.code === 'api_key_limit')
  return isOfForm ? await showNewKey(visit, { form, ...failureOf(error) }) : null
}
