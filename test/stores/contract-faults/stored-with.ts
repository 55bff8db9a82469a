import type { StoredWith } from '../../../src/core/mail/stored-with.ts'
import type { Store } from '../../../src/core/store.ts'
import { aMoment, type Fault, replace } from './fault.ts'
import { dropEvent, storeEventAnyway } from './writes.ts'

/** Every write that takes what is stored with it. */
const changes = [
  ...['users.create', 'users.update', 'users.replacePasswordHash', 'users.remove'],
  ...['oneTimeTokens.put', 'oneTimeTokens.end'],
]

type Member = keyof StoredWith

const isStoredWith = (arg: unknown): arg is StoredWith =>
  typeof arg === 'object' && arg !== null && ('mails' in arg || 'redeems' in arg)

/** What a write is told, without one thing of what it stores. */
function without(args: readonly unknown[], member: Member): readonly unknown[] {
  return args.map((arg) => (isStoredWith(arg) ? { ...arg, [member]: undefined } : arg))
}

/** Stores the one thing by itself. */
async function storeAlone(
  { oneTimeTokens, outbox, users }: Store,
  { mails = [], redeems, endsAddresses }: StoredWith,
  member: Member,
): Promise<void> {
  if (member === 'mails') for (const mail of mails) await outbox?.add(mail)
  const token = await oneTimeTokens?.find(redeems?.digest ?? '', redeems?.now ?? 0)
  if (member === 'redeems' && token) await oneTimeTokens?.end(token.kind, token.subject)
  // Any change that succeeds.
  const [user] = await users.list({ limit: 1 })
  if (member === 'endsAddresses' && user) await users.update(user.id, {}, { endsAddresses })
}

const drops = (name: string, member: Member): Fault =>
  replace(
    name,
    (write) =>
      (...args) =>
        write(...without(args, member)),
  )

const storesAnyway = (name: string, member: Member): Fault =>
  replace(name, (write, store) => async (...args) => {
    const storedWith = args.find(isStoredWith)
    const { redeems } = storedWith ?? {}
    const token = await store.oneTimeTokens?.find(redeems?.digest ?? '', redeems?.now ?? 0)
    // A token that is not live is refused as it should be.
    if (storedWith === undefined || !token) return await write(...args)
    await storeAlone(store, storedWith, member)
    return await write(...without(args, member))
  })

/** Faults of what is stored with a change. */
export const storedWith: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(
    changes.flatMap((name) => [
      [`${name} drops its event, with mails`, dropEvent(name)],
      [`${name} stores its event anyway, with mails`, storeEventAnyway(name)],
      ...(['mails', 'redeems', 'endsAddresses'] as const).flatMap((member) => [
        [`${name} drops ${member}`, drops(name, member)] as const,
        [`${name} stores ${member} though nothing changes`, storesAnyway(name, member)] as const,
      ]),
    ]),
  ),
  ...Object.fromEntries(
    ['users.create', 'users.update'].map((name) => [
      `${name} looks at the token, and uses it up a moment later`,
      replace(name, (write, store) => async (...args) => {
        const { redeems } = args.find(isStoredWith) ?? {}
        const token = await store.oneTimeTokens?.find(redeems?.digest ?? '', redeems?.now ?? 0)
        if (!redeems || !token) return await write(...args)
        await aMoment()
        const result = await write(...without(args, 'redeems').map(withoutStamp))
        await store.oneTimeTokens?.end(token.kind, token.subject)
        return result
      }),
    ]),
  ),
}

const withoutStamp = (arg: unknown): unknown =>
  typeof arg === 'object' && arg !== null && 'ifStamp' in arg ? { ...arg, ifStamp: undefined } : arg
