import { type Command, Option } from 'commander'
import { type BrowserClient, webUris } from '../core/clients/browser-client.ts'
import type { BrowserClientChanges } from '../core/clients/changes.ts'

/** What the command line says of a client for logins by browser. False for `--no-…`. */
type BrowserOptions = {
  readonly redirectUri?: readonly string[] | false
  readonly postLogoutRedirectUri?: readonly string[] | false
  readonly firstParty?: boolean
  readonly authMethod?: string
  readonly pkce?: 'required' | 'optional'
} & { readonly [Name in (typeof webUris)[number]]?: string | false }

const methods = ['none', 'client_secret_basic', 'client_secret_post']
const anyMethod = 'any'

const uriWords = {
  logoUri: 'a picture of it, by https',
  clientUri: 'its home page, by https',
  policyUri: 'what it does with data, by https',
  tosUri: 'its terms of service, by https',
  backchannelLogoutUri: 'what is told of a log-out, by https or on this machine',
} as const

/** Adds the options of logins by browser to `client add`. */
export function addBrowserOptions(command: Command): Command {
  command
    .option(
      '--redirect-uri <uri...>',
      'where its users come back to from a login by browser; then its grants are authorization_code and refresh_token by default',
    )
    .option('--post-logout-redirect-uri <uri...>', 'where they come back to from a log-out')
    .option('--first-party', "it is the application's own: its users are not asked what it may do")
    .addOption(
      new Option(
        '--auth-method <method>',
        'how it authenticates, by default any way that fits',
      ).choices(methods),
    )
    .addOption(pkceOption())
  for (const name of webUris) command.option(`--${dashed(name)} <uri>`, uriWords[name])
  return command
}

/** Adds the options of logins by browser to `client update`. */
export function addBrowserChanges(command: Command): Command {
  command
    .option('--redirect-uri <uri...>', 'all redirect URIs that it has from now on')
    .option('--no-redirect-uri', 'no redirect URIs from now on')
    .option('--post-logout-redirect-uri <uri...>', 'all post-logout redirect URIs from now on')
    .option('--no-post-logout-redirect-uri', 'none from now on')
    .option('--first-party', "it is the application's own: its users are not asked what it may do")
    .option('--no-first-party', 'it is not: its users are asked, and its logins are revoked')
    .addOption(
      new Option('--auth-method <method>', 'how it authenticates from now on').choices([
        ...methods,
        anyMethod,
      ]),
    )
    .addOption(pkceOption())
  for (const name of webUris) {
    command
      .option(`--${dashed(name)} <uri>`, uriWords[name])
      .option(`--no-${dashed(name)}`, 'none from now on')
  }
  return command
}

function pkceOption(): Option {
  const words =
    'whether its requests must have a challenge; optional for a confidential client alone'
  return new Option('--pkce <rule>', words).choices(['required', 'optional'])
}

/** What the options of `client add` say of a client. */
export function browserClientOf(options: BrowserOptions): BrowserClient {
  // Without `--no-…` and `any` nothing of it is null.
  return browserChangesOf(options) as BrowserClient
}

/** What the options of `client update` say of a client; empty if they say nothing. */
export function browserChangesOf(options: BrowserOptions): BrowserClientChanges {
  const { redirectUri, postLogoutRedirectUri, firstParty, authMethod, pkce } = options
  const said = {
    redirectUris: redirectUri === false ? [] : redirectUri,
    postLogoutRedirectUris: postLogoutRedirectUri === false ? [] : postLogoutRedirectUri,
    firstParty,
    tokenEndpointAuthMethod: authMethod === anyMethod ? null : authMethod,
    pkce,
    ...Object.fromEntries(
      webUris.map((name) => [name, options[name] === false ? null : options[name]]),
    ),
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
