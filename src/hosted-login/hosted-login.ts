import { isUrlHost } from '../core/address.ts'
import { createAuthorization } from '../core/authorization/create-authorization.ts'
import {
  type HostedLogin,
  type HostedLoginParts,
  hostedLoginParts,
} from '../core/authorization/hosted-login.ts'
import { createLogoutNotices, type NoticePost } from '../core/authorization/logout-notices.ts'
import { ConfigError } from '../core/errors.ts'
import {
  flag,
  number,
  type OptionsOwner,
  readOptions,
  recordOf,
  type Shape,
  type ShapesOf,
} from '../core/options.ts'
import type { OwnLoginPage } from '../http/authorization/flow.ts'
import { hostedEndpoints } from '../http/authorization/hosted-endpoints.ts'
import { isOwnPath } from './from-here.ts'
import type { NoticePostOptions } from './notice-post.ts'

/** How people log in by browser. */
export interface HostedLoginOptions {
  /** Seconds that an ID token is good for. Default 600; at least 60, at most 3600. */
  readonly idTokenLifetime?: number
  /**
   * Seconds that a browser keeps the session of somebody who chooses "stay signed in"; at most 34560000
   * (400 days), which is what browsers keep. The session itself ends when `sessions` says. Default: it is not
   * offered, and the cookie goes when the browser is closed.
   */
  readonly staySignedIn?: number
  /** How clients are told of log-outs (OpenID Connect Back-Channel Logout). Default: at public addresses. */
  readonly backchannel?: BackchannelOptions
  /** Pages of your own, in place of ours. Default: ours. */
  readonly pages?: HostedLoginPages
}

/** How clients are told of log-outs. */
export interface BackchannelOptions {
  /**
   * Hosts that are told though their address is not public, such as `app.internal` or `10.0.0.5`. Default none:
   * who registers a client could make the server ask your own network. A server on loopback tells clients on
   * loopback in any case.
   */
  readonly allowHosts?: readonly string[]
}

/** Pages of an application. */
export interface HostedLoginPages {
  /**
   * The page with username and password: a function from what it shows to HTML, or the path of a page that calls
   * `hostedPages(auth).complete`. Default: ours.
   */
  readonly login?: OwnLoginPage
  /**
   * False: users look after their account on pages of the application, and `/account`, `/account/sign-in`,
   * `/account/sessions`, `/account/keys` and `/account/delete` are its own. Default: ours.
   */
  readonly account?: boolean
}

const owner: OptionsOwner = { name: 'hostedLogin', example: '{ staySignedIn: 2592000 }' }

/** No other host may get people who are about to log in. Behind a `#` nothing could be added. */
function isLoginPath(path: string): boolean {
  return isOwnPath(path) && !path.includes('#')
}

const loginPageShape: Shape = {
  words:
    'a function that returns HTML, or { redirectTo } with a path of this server, such as /sign-in',
  accepts: (page) =>
    typeof page === 'function' ||
    (typeof page === 'object' &&
      page !== null &&
      Object.keys(page).join() === 'redirectTo' &&
      isLoginPath(String((page as { readonly redirectTo?: unknown }).redirectTo))),
}

const hosts: Shape = {
  words:
    'a list of host names or addresses, such as app.internal or [::1], in small letters and without a port',
  accepts: (list) => Array.isArray(list) && list.every((host) => isUrlHost(host)),
}

const shapes: ShapesOf<HostedLoginOptions> = {
  idTokenLifetime: number,
  staySignedIn: number,
  backchannel: recordOf<BackchannelOptions>({ allowHosts: hosts }),
  pages: recordOf<HostedLoginPages>({ login: loginPageShape, account: flag }),
}

/** How long browsers keep a cookie at most. Seconds. */
const cookieMaxAge = 400 * 24 * 60 * 60

/**
 * Makes the option `hostedLogin` of `createAuth`: people log in by browser, on pages of this server, so that an
 * application never sees a password (OAuth 2.1, OpenID Connect). Nothing of it is loaded without it.
 *
 * @throws {ConfigError} `config_invalid` with every problem of the options.
 */
export function hostedLogin(given: HostedLoginOptions = {}): HostedLogin {
  return { [hostedLoginParts]: readHostedLogin(given) }
}

function readHostedLogin(given: HostedLoginOptions): HostedLoginParts {
  const { options, problems } = readOptions<HostedLoginOptions>(given, shapes, owner)
  const { idTokenLifetime = 600, staySignedIn = null, backchannel, pages } = options
  if (!isWithin(idTokenLifetime, 60, 3600)) {
    problems.push('The option idTokenLifetime of hostedLogin must be whole seconds, 60 to 3600.')
  }
  if (staySignedIn !== null && !isWithin(staySignedIn, 1, cookieMaxAge)) {
    problems.push(
      `The option staySignedIn of hostedLogin must be whole seconds, 1 to ${cookieMaxAge}.`,
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const settings = { idTokenLifetime, staySignedIn }
  const allowHosts = [...(backchannel?.allowHosts ?? [])]
  return {
    settings,
    createAuthorization: (parts) => createAuthorization(settings, parts),
    createLogoutNotices: (parts) =>
      createLogoutNotices({
        ...parts,
        post: lazyPost({ issuer: parts.issuer, allowHosts }),
      }),
    endpoints: hostedEndpoints({
      loginPage: pages?.login ?? null,
      hasAccountPages: pages?.account ?? true,
    }),
  }
}

function isWithin(seconds: number, least: number, most: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= least && seconds <= most
}

/** Loads what sends by https with the first notice. */
function lazyPost(options: NoticePostOptions): NoticePost {
  let loading: Promise<NoticePost> | undefined
  return async (...notice) => {
    loading ??= import('./notice-post.ts').then(({ createNoticePost }) => createNoticePost(options))
    return await (await loading)(...notice)
  }
}
