// Login by browser, for applications that must not see a password.

import { isUrlHost } from '../../core/address.ts'
import { flag, integer, lines, type Setting } from './setting.ts'

export const hostedLogin: Setting<boolean> = flag('HOSTED_LOGIN', {
  fallback: false,
  description:
    'Login by browser: the authorization endpoint and its pages, OpenID Connect, log-out for all applications. See [Log in by browser](browser-login.md).',
})

/** Seconds; 0: it is not offered. */
export const staySignedIn: Setting<number> = integer('STAY_SIGNED_IN', {
  fallback: 14 * 86400,
  least: 0,
  most: 400 * 86400,
  description:
    'How long a browser keeps its session, in seconds, for somebody who chooses to stay signed in; 0: nobody is asked, and it ends with the browser. No session outlives SESSION_LIFETIME.',
})

/** Hosts, a line each. */
export const backchannelHosts: Setting<readonly string[]> = lines(
  'BACKCHANNEL_LOGOUT_HOSTS',
  (given) =>
    isUrlHost(given)
      ? []
      : [
          `names ${JSON.stringify(given)}, which is no host of a URL: write a name or an address in small letters and without a port, one of IPv6 in brackets, such as [::1]`,
        ],
  {
    default: 'none: public addresses alone',
    description:
      'Hosts of your own network that clients may be told of log-outs at, one a line, as they are in a URL: `app.internal`, `10.0.0.5` or `[::1]`. Others must have public addresses.',
  },
)
