import type { Auth } from '../../core/auth.ts'
import type { Within } from '../../core/factors/mfa-tokens.ts'
import type { PasskeyLogins } from '../../core/factors/passkeys/passkey-logins.ts'
import { internals } from '../../core/internals.ts'
import { readBearerToken } from '../bearer.ts'
import { type Guard, guard } from '../guards/guard.ts'
import { BearerError } from '../refusal.ts'
import { askingUser, sessionOf } from './asking-user.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { challengeAnswer, PasskeyChallengeAnswer } from './passkey-answers.ts'

/** Who asks: somebody who is known, in a session or after the password; or null for anybody. */
type Asked = { readonly userId: string; readonly within: Within } | null

function anybody(auth: Auth): Guard<Asked> {
  const asking = askingUser(auth)
  return guard(
    async (request): Promise<Asked> => {
      const bearer = readBearerToken(request)
      if (bearer === null) return null
      if (bearer.startsWith('pmt_')) {
        const login = await auth[internals].second?.tokens.find(bearer)
        if (login?.purpose !== 'challenge') throw new BearerError('invalid_token')
        return { userId: login.userId, within: { login } }
      }
      const { user, token } = await asking(request)
      return { userId: user.id, within: { sessionId: sessionOf(token) } }
    },
    { ...asking.documentation, optional: true },
  )
}

/** Where a page gets what it asks the browser for a passkey with. */
export const passkeyChallengeEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/passkeys/challenge',
  isOn: ({ factors }) => factors?.passkeys != null,
  operationId: 'createPasskeyChallenge',
  summary: 'Ask for a passkey',
  description:
    'For `navigator.credentials.get()`. Without an access token it is for a login by a passkey, and names no user. With one it is for a step-up; with the `mfa_token` of a login in its place, for the second step of that login. Good once, for 5 minutes, for that alone. Nothing is stored.',
  success: {
    status: 200,
    description: 'What the browser is asked with',
    schema: PasskeyChallengeAnswer,
  },
  refusals: { 403: 'Requires an active user, with a token of a session here' },
  guard: anybody,
  async answer(auth, _none, _origin, asked) {
    const passkeys = auth[internals].second?.passkeys as PasskeyLogins
    return challengeAnswer(
      asked === null
        ? passkeys.challenge()
        : await passkeys.challengeOf(asked.userId, asked.within),
    )
  },
})
