import { toUser, type User } from '../core/users/user.ts'
import { lacksFactor, readBrowserSession } from '../http/authorization/browser-session.ts'
import type { GuardedRequest } from '../http/bearer.ts'
import { factorNeeded } from '../http/guards/factor-strength.ts'
import { type Guard, guard } from '../http/guards/guard.ts'
import { BearerError, Forbidden } from '../http/refusal.ts'
import { notFromHere, type OwnPageParts } from './complete-login.ts'
import { isSurelyFromHere } from './from-here.ts'

/** See `HostedPages.currentUser`. */
export function currentUserGuard({ auth, ...parts }: OwnPageParts): Guard<User> {
  return guard(
    async (request: GuardedRequest & { readonly method?: unknown }) => {
      const browser = await readBrowserSession(parts, request)
      if (browser === null) throw new BearerError()
      // A request whose method is not known may be one that changes something.
      const onlyReads = request.method === 'GET' || request.method === 'HEAD'
      if (!onlyReads && !isSurelyFromHere(request, auth.issuer)) throw new Forbidden(notFromHere)
      if (lacksFactor(auth, browser)) throw factorNeeded('any')
      return toUser(browser.user)
    },
    { conditions: ['a login by browser'] },
  )
}
