import type { Auth } from '../../../core/auth.ts'
import { internals } from '../../../core/internals.ts'
import type { HostedPlace } from '../../endpoints/hosted-endpoints.ts'
import type { OwnPageName } from '../flow.ts'
import type { OwnPage } from './own-page.ts'

/** A page for users who are logged in, before it is loaded. */
interface UnloadedPage {
  readonly name: OwnPageName
  /** Whether there is something that it is for. */
  readonly isOn: (auth: Auth, place: HostedPlace) => boolean
  readonly load: () => Promise<OwnPage>
  /** True if programs may ask for something at its path by other methods, below `mePath`. Default false. */
  readonly sharesPath?: boolean
}

/** All of them. Each is loaded when somebody asks for it. */
export const ownPages: readonly UnloadedPage[] = [
  {
    name: 'apps',
    isOn: () => true,
    load: async () => (await import('./apps.ts')).page,
  },
  {
    name: 'email',
    sharesPath: true,
    isOn: (auth, { pages }) => pages !== false && hasEmailPage(auth),
    load: async () => (await import('./email.ts')).page,
  },
]

/** True if users change their address on our page: they may, and the application names no page of its own. */
function hasEmailPage(auth: Auth): boolean {
  const { links } = auth[internals].accountSettings ?? {}
  return auth.accounts.emailChange !== null && links?.emailChange === undefined
}
