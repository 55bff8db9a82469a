import { UserError } from '../../../core/errors.ts'
import type { Passkeys } from '../../../core/factors/passkeys/passkey-calls.ts'
import type { SignInView } from '../../../pages/own-sign-in-page.ts'
import { askToMakePasskey } from '../passkeys/passkey-view.ts'
import type { OwnForms } from './own-forms.ts'
import type { Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The form, with what the browser is asked with. Null for a user who has as many factors as there may be. */
export async function addPasskeyOf(
  visit: Visit,
  passkeys: Passkeys,
  { form }: OwnForms,
): Promise<NonNullable<SignInView['factors']>['addPasskey']> {
  const { flow, browser } = visit
  const { user, session } = browser
  const begun = passkeys.begin({ userId: user.id, sessionId: session.id })
  const challenge = await begun.catch((error: unknown) => {
    if (error instanceof UserError && error.code === 'factor_invalid') return null
    throw error
  })
  if (challenge === null) return null
  const { texts } = settingOf(visit)
  return { form: form('addPasskey'), ask: askToMakePasskey(flow, texts, challenge) }
}
