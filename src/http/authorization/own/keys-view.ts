import { everyPermission, includesPermission } from '../../../core/access/scope.ts'
import type { ApiKeys } from '../../../core/api-keys/api-keys.ts'
import { keysPage, newKeyPage } from '../../../pages/own-keys-page.ts'
import type { EndpointAnswer } from '../../token-messages.ts'
import { type FormFailure, showPage } from '../flow-answers.ts'
import type { FlowForm } from '../flow-form.ts'
import { createOwnForms } from './own-forms.ts'
import { pathOf, type Visit } from './own-page.ts'
import { settingOf } from './own-setting.ts'

/** The list of a user's keys. */
export async function showKeys(visit: Visit): Promise<EndpointAnswer> {
  const { flow, browser } = visit
  const { auth } = flow
  const setting = settingOf(visit)
  const { own, texts } = setting
  const forms = createOwnForms(visit)
  const keys = (await auth.apiKeys?.list(browser.user.id)) ?? []
  const permissions = auth.permissions.describe()
  const page = keysPage({
    ...setting,
    make: pathOf(flow, visit.page, { step: 'new' }),
    keys: keys.map(({ id, name, scopes, createdAt, expiresAt, lastUsedAt }) => ({
      ...{ name, createdAt, expiresAt, usedAt: lastUsedAt },
      scopes: scopes.map((each) => wordsOf(each, permissions, own.keys.form.everything)),
      hasExpired: expiresAt <= auth.clock(),
      end: forms.form('end', { key: id }),
    })),
  })
  return showPage(200, page, texts, { cookies: forms.cookies })
}

/** Seconds. */
export const day: number = 24 * 60 * 60
const offeredDays = [1, 7, 30, 90, 180, 366]

/** The form for a new key, with what was typed before. */
export async function showNewKey(
  visit: Visit,
  { form, status = 200, problem }: Partial<FormFailure> & { readonly form: FlowForm },
): Promise<EndpointAnswer> {
  const { flow } = visit
  const { auth } = flow
  const { texts, ...setting } = settingOf(visit)
  const forms = createOwnForms(visit)
  const { lifetimes } = auth.apiKeys as ApiKeys
  const [usual, most] = [wholeDays(lifetimes.usual), wholeDays(lifetimes.most)]
  const days = [...new Set([...offeredDays.filter((each) => each < most), usual, most])]
  const chosen = chosenScopes(form)
  const page = newKeyPage({
    ...{ ...setting, texts, name: form.get('name') ?? '' },
    scopes: grantable(visit).map(({ name, words }) => ({
      ...{ name, words, isChosen: chosen.includes(name) },
    })),
    lifetimes: days.sort((a, b) => a - b),
    lifetime: Number(form.get('days') ?? usual),
    problem: problem?.(texts) ?? null,
    make: forms.form('make', {}, await keyState(visit)),
    list: pathOf(flow, visit.page),
  })
  return showPage(status, page, texts, { cookies: forms.cookies })
}

/** Less than a day, which an application may allow, is a part of one. */
function wholeDays(seconds: number): number {
  return seconds < day ? seconds / day : Math.floor(seconds / day)
}

/** What the form of a new key changes: the newest key that was made. */
export async function keyState({ flow, browser }: Visit): Promise<string> {
  const about = { userId: browser.user.id, type: 'api_key_created', limit: 1 } as const
  const [newest] = await flow.auth.events.list(about)
  return newest?.id ?? ''
}

const prefix = 'scope '

/** Whether a field of that form is one that a person fills in. */
export function isOfNewKey(field: string): boolean {
  return field === 'name' || field === 'days' || field.startsWith(prefix)
}

/** The permissions that were chosen: a field each, since no field may be there twice. */
export function chosenScopes(form: FlowForm): readonly string[] {
  return [...form.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
}

/** The permissions that the role of the user grants, by name and in words; all of them come last, as one. */
function grantable(visit: Visit): readonly { readonly name: string; readonly words: string }[] {
  const { auth } = visit.flow
  const { everything } = settingOf(visit).own.keys.form
  const granted = auth.roles.permissionsOf(visit.browser.user.role)
  const permissions = auth.permissions.describe()
  const known = new Set([...Object.keys(permissions), ...granted])
  known.delete(everyPermission)
  return [...known, everyPermission]
    .filter((name) => includesPermission(granted, name))
    .map((name) => ({ name, words: wordsOf(name, permissions, everything) }))
}

function wordsOf(
  scope: string,
  permissions: Readonly<Record<string, string>>,
  everything: string,
): string {
  return scope === everyPermission ? everything : permissions[scope] || scope
}
