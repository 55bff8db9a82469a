import { setTimeout } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Auth } from '../core/auth.ts'
import { eventAnswer } from '../core/events/event-answer.ts'
import type { AuthEvent, EventQuery } from '../core/events/event-store.ts'
import { type AuthEventType, eventTypes } from '../core/events/vocabulary.ts'
import { stopOnSignal } from './stop-signal.ts'
import { instant, plain, tableOf } from './terminal/table.ts'
import { findUser } from './user.ts'
import { withAuth } from './with-auth.ts'

interface Filter {
  readonly type?: AuthEventType
  readonly user?: string
  readonly client?: string
  readonly actor?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly json?: true
}

/** Milliseconds between two looks for new events. */
const lookInterval = 1000
/** Seconds that an event may become visible after its time: another machine's clock, a slow commit. */
const lateness = 10
/** Events that one look brings at most. */
const most = 1000

/** `portcullis events …`: what happened. */
export function eventsCommand(): Command {
  const events = new Command('events').description('show what happened')

  withFilter(events.command('list'), 50)
    .addOption(new Option('--since <time>', 'from this time on').argParser(parseTime))
    .addOption(new Option('--until <time>', 'before this time').argParser(parseTime))
    .description('list events, the newest first; times such as 2027-01-15T08:00:00Z')
    .action((filter: Filter) =>
      withAuth(async (auth) => {
        const found = await auth.events.list(await queryOf(auth, filter))
        if (filter.json) for (const event of found) console.log(jsonOf(event))
        else {
          const nameOf = createNames(auth)
          const rows: (readonly string[])[] = [heading]
          for (const event of found) rows.push(await rowOf(event, nameOf))
          console.log(tableOf(rows))
        }
      }),
    )

  withFilter(events.command('tail'), 10)
    .option('-f, --follow', 'go on with those that happen from now on, until Ctrl-C')
    .description('print the last events, the newest last')
    .action(({ follow, ...filter }: Filter & { readonly follow?: true }) =>
      withAuth(async (auth) => {
        const query = await queryOf(auth, filter)
        const nameOf = createNames(auth)
        const print = async (event: AuthEvent): Promise<void> =>
          console.log(filter.json ? jsonOf(event) : (await rowOf(event, nameOf)).join('  '))
        const stop = follow && stopOnSignal()
        const from = auth.clock()
        const last = await auth.events.list({ ...query, limit: Math.max(query.limit, most) })
        for (const event of last.slice(0, query.limit).toReversed()) await print(event)
        if (stop) await printNew(auth, query, from, last, print, stop)
      }),
    )

  return events
}

/** Prints what is new since an instant and was not there yet, each once, until it is to stop. */
async function printNew(
  { events, clock }: Auth,
  query: EventQuery,
  from: number,
  known: readonly AuthEvent[],
  print: (event: AuthEvent) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  let seen = new Set(known.map(({ id }) => id))
  while (!stop.aborted) {
    const since = Math.max(from, clock() - lateness)
    const found = await events.list({ ...query, since, limit: most })
    for (const event of found.toReversed()) if (!seen.has(event.id)) await print(event)
    seen = new Set(found.map(({ id }) => id))
    // That it is cut short is no failure: Ctrl-C is how this ends.
    await setTimeout(lookInterval, undefined, { signal: stop }).catch(() => {})
  }
}

function withFilter(command: Command, limit: number): Command {
  return command
    .addOption(new Option('--type <event>', 'of this kind').choices(Object.keys(eventTypes)))
    .option('--user <username>', 'that concern this user')
    .option('--client <id>', 'of this client')
    .option(
      '--actor <actor>',
      'done by user:<username or id>, client:<id>, cli:<name>, setup or system',
    )
    .addOption(
      new Option('--limit <number>', 'so many at most').default(limit).argParser((text) => {
        if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
        throw new InvalidArgumentError('It must be a whole number from 1 to 999999.')
      }),
    )
    .option('--json', 'for programs: an object a line; instants are seconds since 1970')
}

async function queryOf({ users }: Auth, filter: Filter): Promise<EventQuery> {
  const { type, user, client, actor, since, until, limit } = filter
  return {
    limit,
    ...(type !== undefined && { type }),
    ...(user !== undefined && { userId: (await findUser(users, user)).id }),
    ...(client !== undefined && { clientId: client }),
    ...(actor !== undefined && { actor: await actorOf(users, actor) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

/** `user:alice` as events have it, with the id; whatever else it is stays. */
async function actorOf(users: Auth['users'], actor: string): Promise<string> {
  const [, name] = /^user:(.+)$/.exec(actor) ?? []
  const user = name === undefined ? null : await users.findByUsername(name)
  return user === null ? actor : `user:${user.id}`
}

function parseTime(text: string): number {
  const time = /^\d{4}-/.test(text) ? Date.parse(text) / 1000 : Number.NaN
  if (Number.isFinite(time)) return Math.floor(time)
  throw new InvalidArgumentError('It must be a time such as 2027-01-15T08:00:00Z.')
}

function jsonOf(event: AuthEvent): string {
  return JSON.stringify(eventAnswer(event))
}

const heading = ['TIME', 'EVENT', 'USER', 'BY', 'FROM', 'MORE']

/** What a user's id is to a reader: the username, or the id itself of a user who was deleted. */
type NameOf = (userId: string) => Promise<string>

/** Looks each user up once. */
function createNames({ users }: Auth): NameOf {
  const names = new Map<string, string>()
  return async (userId) => {
    const known = names.get(userId) ?? (await users.find(userId))?.username ?? userId
    names.set(userId, known)
    return known
  }
}

/** `user:<id>` with the name in its place. */
async function nameActor(actor: string, nameOf: NameOf): Promise<string> {
  const [, userId] = /^user:(.+)$/.exec(actor) ?? []
  return userId === undefined ? actor : `user:${await nameOf(userId)}`
}

async function rowOf(event: AuthEvent, nameOf: NameOf): Promise<readonly string[]> {
  const { at, type, userId, actor, address, clientId, reason, details = {} } = event
  const more = [
    ...(clientId === undefined ? [] : [`client ${clientId}`]),
    ...Object.entries(details).map(([name, value]) => `${name} ${value}`),
    ...(reason === undefined ? [] : [reason]),
  ]
  const user = userId === undefined ? '-' : await nameOf(userId)
  const by = actor === undefined ? '-' : await nameActor(actor, nameOf)
  // What an identity provider calls a subject may hold what a terminal obeys.
  return [instant(at), type, user, by, address ?? '-', more.join(', ')].map(plain)
}
