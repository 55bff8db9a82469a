import { nameIn } from '../../endpoints/factor-answers.ts'
import { showError } from '../flow-answers.ts'
import { readCredential } from '../passkeys/passkey-attempt.ts'
import { showDone } from './own-notice.ts'
import { originOf, renewedCookie } from './own-origin.ts'
import type { OwnForm } from './own-page.ts'
import { settingOf } from './own-setting.ts'
import { showCodes } from './sign-in-factors.ts'

/** Adds the passkey that the browser has made on the page. A challenge is taken once, so the form is too. */
export const addPasskeyForm: OwnForm = {
  // Its challenge was made after a recent login, for this session. The device has the passkey by now.
  isDangerous: false,
  async submit(visit, form) {
    const { flow, request, browser } = visit
    const passkeys = flow.auth.factors?.passkeys
    if (!passkeys) return showError(flow, request, 400, 'unreadable')
    const { recoveryCodes } = await passkeys.add({
      ...{ userId: browser.user.id, sessionId: browser.session.id, ...originOf(visit) },
      name: nameIn(form.get('name')) ?? settingOf(visit).own.signIn.passkeys.usual,
      challengeId: form.get('challenge_id') ?? '',
      credential: readCredential(form.get('credential') ?? ''),
    })
    // The first factor has ended all other sessions: a copy of the cookie is one.
    if (recoveryCodes === null) return showDone(visit, { what: 'passkeyAdded' })
    return showCodes(visit, recoveryCodes, true, await renewedCookie(visit))
  },
}
