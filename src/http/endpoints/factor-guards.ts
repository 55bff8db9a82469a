import type { Auth } from '../../core/auth.ts'
import type { PendingLogin } from '../../core/factors/mfa-tokens.ts'
import { internals } from '../../core/internals.ts'
import { readBearerToken } from '../bearer.ts'
import { refuseOneFactor } from '../guards/factor-strength.ts'
import { type Guard, guard } from '../guards/guard.ts'
import { BearerError } from '../refusal.ts'
import { type Own, recentSelf, self } from './own-account.ts'

/** Who sets a factor up: a user after a recent login, or somebody whose login waits for that. */
export type Enrolling =
  | { readonly own: Own; readonly login: null }
  | { readonly own: null; readonly login: PendingLogin }

/**
 * The user after a recent login, with a second factor if there is one: what a stolen token, or a browser that was
 * left open, must not do.
 */
export function strongSelf(auth: Auth): Guard<Own> {
  return withFactor(auth, recentSelf(auth))
}

/** Refuses a login with one factor by a user who has a second. */
export function withFactor({ factors }: Pick<Auth, 'factors'>, user: Guard<Own>): Guard<Own> {
  return guard(async (request) => {
    const own = await user(request)
    const present = await factors?.list(own.user.id)
    // A token from before the first factor was set up says one still.
    if (present && present.length > 0) refuseOneFactor(own.token, 'any')
    return own
  }, user.documentation)
}

/** The same, or the token of a login whose role demands that a factor is set up. */
export function enrollingUser(auth: Auth): Guard<Enrolling> {
  return orEnrolling(auth, strongSelf(auth))
}

/**
 * The same without a recent login: for the end of what the guard above let begin. Since then there may be a first
 * factor, which a token from before it has not shown.
 */
export function confirmingUser(auth: Auth): Guard<Enrolling> {
  return orEnrolling(auth, withFactor(auth, self(auth)))
}

function orEnrolling(auth: Auth, strong: Guard<Own>): Guard<Enrolling> {
  return guard(async (request): Promise<Enrolling> => {
    const bearer = readBearerToken(request)
    if (!bearer?.startsWith('pmt_')) return { own: await strong(request), login: null }
    const login = (await auth[internals].second?.tokens.find(bearer)) ?? null
    if (login?.purpose !== 'enroll') throw new BearerError('invalid_token')
    return { own: null, login }
  }, strong.documentation)
}
