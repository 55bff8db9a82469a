// docs/options.md: every option of every function that takes some, from the same source as the
// reference.

import { codeOf, listChapters, onOneLine } from './library-api.ts'
import { type Member, type PublicName, readSurface } from './public-surface.ts'

/** An option, taken apart. */
export interface Option {
  readonly name: string
  readonly type: string
  readonly required: boolean
  /** What counts without it, if its docstring says so. */
  readonly default: string | undefined
  /** Of a number: what it counts. */
  readonly unit: string | undefined
  /** The rest of its docstring. */
  readonly text: string
}

/** The options of one function, or of a part of them. */
export interface OptionSet {
  readonly name: string
  readonly says: string
  /** The functions that it is given to. */
  readonly takers: readonly string[]
  /** The options of other sets that it is the value of. */
  readonly holders: readonly string[]
  /** Other sets whose options are taken too. */
  readonly inherits: readonly string[]
  readonly options: readonly Option[]
}

const units =
  /\b(seconds|milliseconds|code points|bytes|KiB|connections|jobs|lanes|passes|place|proxies|users(?= in memory))\b/i
// The sentence up to its full stop; a remark after a semicolon is no part of the value.
const defaultSentence = /(^|[.;]\s+)Default:?\s+((?:`[^`]*`|[^`;.]|\.(?=\S))+)([.;]|$)\s*/

/** What the docstring of an option says of its default, and the rest. */
export function splitDefault(text: string): readonly [value: string | undefined, rest: string] {
  const [found, before = '', value, end] = defaultSentence.exec(text) ?? []
  if (found === undefined) return [undefined, text]
  const at = text.indexOf(found)
  const after = text.slice(at + found.length)
  const rest = end === ';' ? after.charAt(0).toUpperCase() + after.slice(1) : after
  return [value?.replace(/\s+/g, ' ').trim(), `${text.slice(0, at)}${before}${rest}`.trim()]
}

/** Every set of options that something takes, in the order of the reference. */
export function listOptionSets(): readonly OptionSet[] {
  const names = readSurface().filter(({ members }) => members.length > 0)
  const wanted = new Set(names.filter(isSet))
  for (const { members } of wanted) {
    for (const each of names) {
      // Written down by the application, and not what a callback of it is told.
      const named = new RegExp(`^(?!.*=>).*\\b${each.name}\\b`)
      if (isPlain(each) && members.some(({ type }) => named.test(type))) wanted.add(each)
    }
  }
  return listChapters()
    .flatMap((chapter) => chapter.names)
    .filter((each) => wanted.has(each))
    .map((each) => toSet(each, new Set([...wanted].map(({ name }) => name))))
}

/** True for options that a function takes, or that can be imported: not for a part that others inherit. */
function isSet({ name, specifiers }: PublicName): boolean {
  return name.endsWith('Options') && (specifiers.length > 0 || listTakers(name).length > 0)
}

/** True for data that an application writes down, as opposed to what has methods. */
function isPlain({ kind, members }: PublicName): boolean {
  return kind === 'interface' && members.every(({ isMethod }) => !isMethod)
}

function toSet({ name, text, members }: PublicName, sets: ReadonlySet<string>): OptionSet {
  const isElsewhere = ({ declaredBy }: Member): boolean =>
    declaredBy !== name && sets.has(declaredBy)
  return {
    name,
    says: text,
    takers: listTakers(name),
    holders: listHolders(name, sets),
    inherits: [...new Set(members.filter(isElsewhere).map(({ declaredBy }) => declaredBy))],
    options: members.filter((member) => !isElsewhere(member)).map(toOption),
  }
}

/** The functions and methods with a parameter of a type. */
function listTakers(name: string): readonly string[] {
  const named = new RegExp(`\\b${name}\\b`)
  return readSurface().flatMap((owner) => {
    const { kind, signature, members } = owner
    if (/^(function|const)$/.test(kind)) return named.test(signature) ? [owner.name] : []
    return members
      .filter((member) => member.isMethod && member.name && named.test(member.type))
      .filter(({ declaredBy }) => declaredBy === owner.name)
      .map((member) => `${owner.name}.${member.name}`)
  })
}

/** The options of sets whose type names a type. */
function listHolders(name: string, sets: ReadonlySet<string>): readonly string[] {
  const named = new RegExp(`\\b${name}\\b`)
  return readSurface()
    .filter((owner) => sets.has(owner.name))
    .flatMap((owner) =>
      owner.members
        .filter(({ type, declaredBy }) => declaredBy === owner.name && named.test(type))
        .map((member) => `\`${member.name}\` of [${owner.name}](#${owner.name.toLowerCase()})`),
    )
}

function toOption({ name, type, optional, text }: Member): Option {
  const [value, rest] = splitDefault(text)
  const written = onOneLine(type)
    .replace(/^: /, '')
    .replace(/ \| undefined$/, '')
  return {
    name,
    type: written,
    // A type that is taken in part has its defaults in words.
    required: !optional && value === undefined,
    default: value,
    unit:
      written === 'number'
        ? units.exec(text)?.[1]?.replace(/^[A-Z](?=[a-z ]+$)/, lower)
        : undefined,
    // Nothing but the unit, which has a column.
    text: rest.replace(/^(Seconds|Code points|KiB|Passes|Lanes)\.(\s+|$)/, ''),
  }
}

/** What makes a store, with how it is called. */
function listStores(): readonly string[] {
  return readSurface()
    .filter(({ kind, signature }) => kind === 'function' && /\): Store$/.test(signature))
    .map(
      ({ signature, text }) => `\`\`\`typescript\n${signature}\n\`\`\`\n\n${firstSentence(text)}`,
    )
}

/** The whole page. */
export function describeOptions(): string {
  const sets = listOptionSets()
  return `${[
    '# Options',
    'Every option, with its default and unit. `npm run reference` makes this page from the source. What the ready server reads from its environment is in [Configuration](configuration.md).',
    "```typescript\nconst auth = await createAuth({ store: sqlite('app.db'), accessTokenLifetime: 600 })\n```",
    sets
      .map(({ name, says }) => `- [${name}](#${name.toLowerCase()}): ${firstSentence(says)}`)
      .join('\n'),
    ...sets.map((set) => linkSets(describeSet(set), sets)),
    '## Stores',
    'A store takes a file and [SqliteOptions](#sqliteoptions), a URL and [PostgresOptions](#postgresoptions), or nothing.',
    ...listStores(),
  ].join('\n\n')}\n`
}

/** A text in which the name of each other set leads to it. */
function linkSets(text: string, sets: readonly OptionSet[]): string {
  const names = new Set(sets.map(({ name }) => name))
  return text.replace(/(?<=\b[Ss]ee )`(\w+)`/g, (code, name: string) =>
    names.has(name) ? `[${code}](#${name.toLowerCase()})` : code,
  )
}

function describeSet({ name, says, takers, holders, inherits, options }: OptionSet): string {
  const also = inherits.map((each) => `[${each}](#${each.toLowerCase()})`).join(' and ')
  const rows = options.map(
    (each) =>
      `| ${codeOf(each.name)} | ${cell(codeOf(each.type))} | ${cell(each.required ? '**required**' : (each.default ?? ''))} | ${each.unit ?? ''} | ${cell(each.text)} |`,
  )
  const table = [
    '| option | type | default | unit | what it is |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n')
  return [
    `## ${name}`,
    says,
    takers.length > 0 && `Taken by ${takers.map(codeOf).join(', ')}.`,
    holders.length > 0 && `The value of ${holders.join(' and ')}.`,
    also && `It also takes every option of ${also}.`,
    rows.length > 0 && table,
  ]
    .filter(Boolean)
    .join('\n\n')
}

const lower = (text: string): string => text.toLowerCase()

const cell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|')

function firstSentence(text: string): string {
  return /^[\s\S]*?\.(?=\s|$)/.exec(text)?.[0].replace(/\s+/g, ' ') ?? text
}
