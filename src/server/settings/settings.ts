// The table of settings: what each of its files exports. To add one is to write it into the file of its
// subject; parser, default, type, documentation, `doctor` and the search for misspelt names follow.

import * as access from './access.ts'
import * as accounts from './accounts.ts'
import * as data from './data.ts'
import * as factors from './factors.ts'
import * as hostedLogin from './hosted-login.ts'
import * as listening from './listening.ts'
import * as monitoring from './monitoring.ts'
import * as outsideIssuers from './outside-issuers.ts'
import * as pages from './pages.ts'
import * as passwords from './passwords.ts'
import * as sessions from './sessions.ts'
import type { Setting, ValueFor, ValuesOf } from './setting.ts'
import * as tokens from './tokens.ts'

/** The server's configuration, checked: what each setting says. */
export type Config = ValuesOf<
  typeof listening &
    typeof data &
    typeof tokens &
    typeof sessions &
    typeof passwords &
    typeof access &
    typeof accounts &
    typeof factors &
    typeof pages &
    typeof hostedLogin &
    typeof outsideIssuers &
    typeof monitoring
>

/** The settings that are options of `createAuth`, under the same names. */
export type AuthSettings = ValuesOf<typeof tokens & typeof sessions & typeof access>

/** What belongs together, and how the documentation calls it. */
export interface Subject {
  readonly title: string
  /** By the members of the configuration; a group is a member with members of its own. */
  readonly members: object
}

const subjects: readonly Subject[] = [
  { title: 'Listening', members: listening },
  { title: 'Data', members: data },
  { title: 'Tokens and keys', members: tokens },
  { title: 'Sessions and events', members: sessions },
  { title: 'Passwords', members: passwords },
  { title: 'Access', members: access },
  { title: 'Accounts and mail', members: accounts },
  { title: 'Second factors', members: factors },
  { title: 'Pages', members: pages },
  { title: 'Login by browser', members: hostedLogin },
  { title: 'Other issuers', members: outsideIssuers },
  { title: 'Monitoring', members: monitoring },
]

/** Every subject with its settings, in the order of the documentation. */
export const settingsBySubject: readonly {
  readonly title: string
  readonly settings: readonly Setting[]
}[] = subjects.map(({ title, members }) => ({ title, settings: settingsIn(members) }))

/** Every variable that the server reads. */
export const settings: readonly Setting[] = settingsBySubject.flatMap((each) => each.settings)

/** The names of all variables that are read, with those that name a file. */
export function settingNames(): readonly string[] {
  return settings.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]))
}

/** Every member of the configuration, with the value of its setting. */
export function valuesOfAll(valueFor: ValueFor): Config {
  return Object.assign({}, ...subjects.map(({ members }) => valuesIn(members, valueFor)))
}

/** Those members that are options of `createAuth`; what has no value is left to it. */
export function authSettings(config: Config): DefinedOf<AuthSettings> {
  const names = [tokens, sessions, access].flatMap((members) => Object.keys(members))
  const entries = names.map((name) => [name, config[name as keyof Config]])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** The same without members that are undefined. */
type DefinedOf<T> = {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

function isSetting(member: object): member is Setting {
  return 'read' in member && typeof member.read === 'function'
}

function settingsIn(members: object): readonly Setting[] {
  return Object.values(members).flatMap((member) =>
    isSetting(member) ? [member] : settingsIn(member),
  )
}

function valuesIn(members: object, valueFor: ValueFor): object {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [
      name,
      isSetting(member) ? valueFor(member) : valuesIn(member, valueFor),
    ]),
  )
}
