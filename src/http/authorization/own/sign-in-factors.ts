import type { Factors } from '../../../core/factors/factor-calls.ts'
import { recoveryCodesPage } from '../../../pages/factor-page.ts'
import { nameIn } from '../../endpoints/factor-answers.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { showError, showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { showDone } from './own-notice.ts'
import { originOf, renewedCookie } from './own-origin.ts'
import { type OwnForm, pathOf, type Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'
import { recoveryState, setUpFields, showSetUp } from './sign-in-view.ts'

/** What changes the second factors of a user. */
export const factorForms: Readonly<Record<string, OwnForm>> = {
  addApp: {
    ...withFactors(async (visit, form, factors) => {
      const name = nameIn(form.get('name')) ?? settingOf(visit).own.signIn.apps.usual
      const begun = await factors.beginTotp({ ...ownOf(visit), name })
      const { id, secret, otpauthUri: uri } = begun
      return showSetUp(visit, new Map(Object.entries({ id, secret, uri })))
    }),
    keeps: (field) => field === 'name',
  },
  confirmApp: {
    ...withFactors(async (visit, form, factors) => {
      const { browser } = visit
      const [id, otp] = [form.get('id') ?? '', form.get('code') ?? '']
      const confirmation = { ...ownOf(visit), id, otp, sessionId: browser.session.id }
      const { recoveryCodes } = await factors.confirmTotp(confirmation)
      // The first one has ended all other sessions: a copy of the cookie is one.
      if (recoveryCodes === null) return showDone(visit, { what: 'appAdded' })
      return showCodes(visit, recoveryCodes, true, await renewedCookie(visit))
    }),
    // Begun after a recent login; to find the app may take longer.
    isDangerous: false,
    bound: setUpFields,
  },
  rename: {
    ...withFactors(async (visit, form, factors) => {
      const [id, name] = [form.get('id') ?? '', form.get('name') ?? '']
      await factors.rename({ ...ownOf(visit), id, name })
      return showDone(visit, { what: 'factorRenamed' })
    }),
    bound: ['id'],
  },
  remove: {
    ...withFactors(async (visit, form, factors) => {
      await factors.remove({ ...ownOf(visit), id: form.get('id') ?? '' })
      return showDone(visit, { what: 'factorRemoved' })
    }),
    bound: ['id'],
  },
  renewCodes: {
    ...withFactors(async (visit, _form, factors) =>
      showCodes(visit, await factors.renewRecoveryCodes(ownOf(visit)), false),
    ),
    state: recoveryState,
  },
}

/** A form that is there where second factors are. */
function withFactors(
  submit: (visit: Visit, form: FlowForm, factors: Factors) => Promise<EndpointAnswer>,
): OwnForm {
  return {
    async submit(visit, form) {
      const { flow, request } = visit
      const { factors } = flow.auth
      return factors === null
        ? showError(flow, request, 400, 'unreadable')
        : await submit(visit, form, factors)
    },
  }
}

function ownOf(visit: Visit): { readonly userId: string } & ReturnType<typeof originOf> {
  return { userId: visit.browser.user.id, ...originOf(visit) }
}

/** The page with the codes, once. */
export function showCodes(
  visit: Visit,
  codes: readonly string[],
  isFirst: boolean,
  cookies: readonly string[] = [],
): EndpointAnswer {
  const { site, texts, own } = settingOf(visit)
  const { firstFactor, kept } = own.signIn
  const page = recoveryCodesPage({
    ...{ site, texts, codes, url: pathOf(visit.flow, visit.page), link: kept },
    ...(isFirst && { done: firstFactor }),
  })
  return showPage(200, page, texts, { cookies })
}
