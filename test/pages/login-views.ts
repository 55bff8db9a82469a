// What the pages of logging in show, for tests of each.

import type { ConsentView } from '../../src/pages/consent-page.ts'
import type { LoginView } from '../../src/pages/login-page.ts'
import type { PostForm } from '../../src/pages/post-form.ts'
import { portcullisSite, type Site } from '../../src/pages/site.ts'
import { loginTextsIn } from '../../src/pages/texts/login-languages.ts'
import type { LoginTexts } from '../../src/pages/texts/login-texts.ts'

/** A request as clients make it, with a challenge. */
export const query: string = new URLSearchParams({
  ...{ response_type: 'code', client_id: 'web', scope: 'openid profile email items:read' },
  ...{ redirect_uri: 'https://app.example.com/callback', state: 'sK1uHf0gZgWqDzU3bX2q9A' },
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
}).toString()

/** A text that would do harm if it were taken for HTML. */
export const hostile = `"><script>alert(1)</script>'&`

export const setting = (locale = 'en'): { readonly site: Site; readonly texts: LoginTexts } => ({
  site: portcullisSite,
  texts: loginTextsIn(locale),
})

const sentTo = (path: string): PostForm => ({
  action: `/auth/authorize/${path}?${query}`,
  hidden: { csrf: 'dGhpcyBpcyBub3QgYSBwcm9vZiBvZiBhbnl0aGluZyE' },
})

/** A login for a client, with all that the page may have. */
export const loginView = (changes: Partial<LoginView> = {}): LoginView => ({
  ...{ ...setting(), ...sentTo('login'), client: { name: 'Example App' } },
  ...{ username: '', problem: null, staySignedIn: true, passkey: null },
  links: { forgotPassword: '/account/forgot-password', register: '/account/register' },
  ...changes,
})

/** A third party that asks for four scopes. */
export const consentView = (changes: Partial<ConsentView> = {}): ConsentView => ({
  ...{ ...setting(), ...sentTo('consent'), username: 'alice', switchAccount: sentTo('login') },
  client: {
    ...{ name: 'Example App', uri: 'https://app.example.com', logo: '/logos/app.svg' },
    ...{ policyUri: 'https://app.example.com/privacy', tosUri: 'https://app.example.com/terms' },
    redirectHost: 'app.example.com',
  },
  scopes: [
    ...['Recognize you by an identifier', 'See your e-mail address', 'Read your items'],
    'items:write',
  ],
  ...changes,
})
