import type { Auth } from '../../../core/auth.ts'
import { internals } from '../../../core/internals.ts'
import type { HostedPlace } from '../../endpoints/hosted-endpoints.ts'
import { ownEndpoints } from '../../endpoints/own-endpoints.ts'
import { flowPaths, type OwnPageName } from '../flow.ts'
import type { OwnPage } from './own-page.ts'

/** A page for users who are logged in, before it is loaded. */
export interface UnloadedPage {
  readonly name: OwnPageName
  /** Whether there is something that it is for. */
  readonly isOn: (auth: Auth, place: HostedPlace) => boolean
  readonly load: () => Promise<OwnPage>
  /** True if programs may ask for something at its path by other methods, below `mePath`. Default false. */
  readonly sharesPath?: boolean
}

/** All of them. Each is loaded when somebody asks for it. */
export const allOwnPages: readonly UnloadedPage[] = [
  {
    name: 'account',
    sharesPath: true,
    isOn: () => true,
    load: async () => (await import('./account.ts')).page,
  },
  {
    name: 'signIn',
    isOn: () => true,
    load: async () => (await import('./sign-in.ts')).page,
  },
  {
    name: 'sessions',
    isOn: () => true,
    load: async () => (await import('./sessions.ts')).page,
  },
  {
    name: 'keys',
    isOn: ({ apiKeys }) => apiKeys !== null,
    load: async () => (await import('./keys.ts')).page,
  },
  {
    name: 'deletion',
    isOn: ({ accounts }) => accounts.deletion !== null,
    load: async () => (await import('./deletion.ts')).page,
  },
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

/** Those that an application may leave out, and have pages of its own instead. */
const accountPages: readonly OwnPageName[] = ['account', 'signIn', 'sessions', 'keys', 'deletion']

/**
 * Those that are there.
 *
 * @param hasAccount Whether the application wants our pages of accounts.
 */
export function ownPagesOf(
  auth: Auth,
  place: HostedPlace,
  hasAccount: boolean,
): readonly UnloadedPage[] {
  const isLeftOut = (name: OwnPageName): boolean =>
    accountPages.includes(name) && (!hasAccount || place.pages === false)
  return allOwnPages.filter(
    ({ name, isOn }) => isOn(auth, place) && !isLeftOut(name) && !isTaken(auth, place, name),
  )
}

/** True if programs ask for something at its path by the same methods: with `mePath: '/account'`. */
function isTaken(auth: Auth, { base, mePath }: HostedPlace, name: OwnPageName): boolean {
  if (mePath === null) return false
  const at = base + flowPaths[name]
  return ownEndpoints.some(
    ({ path, method, isOn }) =>
      mePath + path === at && (method === 'GET' || method === 'POST') && isOn(auth),
  )
}

/** True if users change their address on our page: they may, and the application names no page of its own. */
function hasEmailPage(auth: Auth): boolean {
  const { links } = auth[internals].accountSettings ?? {}
  return auth.accounts.emailChange !== null && links?.emailChange === undefined
}
