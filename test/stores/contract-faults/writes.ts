import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { type Fault, replace } from './fault.ts'

/** Every write that is told what event it stores if it changes something. */
const conditionalWrites = [
  ...['users.create', 'users.createMany', 'users.createFirst', 'users.update', 'users.remove'],
  ...['users.replacePasswordHash', 'sessions.create', 'sessions.revoke'],
  'sessions.reauthenticate',
  ...['identities.link', 'identities.createUser', 'identities.unlink', 'signingKeys.change'],
  ...['clients.create', 'clients.replace', 'clients.replaceSecretHash', 'clients.remove'],
  ...['authorizationCodes.exchange', 'consents.replace', 'consents.withdraw'],
]

const isEvent = (value: unknown): value is AuthEvent =>
  typeof value === 'object' && value !== null && 'outcome' in value

/** What a write is told, without the event. */
function withoutEvent(args: readonly unknown[]): readonly unknown[] {
  return args.map((arg) => {
    if (isEvent(arg) || typeof arg === 'function') return undefined
    if (Array.isArray(arg)) return arg.filter((each) => !isEvent(each))
    const hasEvent = typeof arg === 'object' && arg !== null && 'event' in arg
    return hasEvent ? { ...arg, event: undefined } : arg
  })
}

/** The events that a write is told. */
function eventsOf(args: readonly unknown[]): readonly AuthEvent[] {
  return args.flatMap((arg) => {
    if (typeof arg === 'function') return [arg([]) as AuthEvent]
    if (Array.isArray(arg)) return arg.filter(isEvent)
    const { event } = (arg ?? {}) as { readonly event?: unknown }
    return [arg, event].filter(isEvent)
  })
}

export const dropEvent = (name: string): Fault =>
  replace(
    name,
    (write) =>
      (...args) =>
        write(...withoutEvent(args)),
  )

/** Stores the event before anybody knows whether something changes. */
export const storeEventAnyway = (name: string): Fault =>
  replace(name, (write, { events }) => async (...args) => {
    for (const event of eventsOf(args)) await events.append(event)
    return await write(...withoutEvent(args))
  })

/** Faults of every write. */
export const writes: Readonly<Record<string, Fault>> = Object.fromEntries(
  conditionalWrites.flatMap((name) => [
    [`${name} drops its event`, dropEvent(name)],
    [`${name} stores its event though nothing changes`, storeEventAnyway(name)],
  ]),
)
