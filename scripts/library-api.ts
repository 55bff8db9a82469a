// docs/library-api.md: what the package exports and the types that it names, with every member, ordered by job.

import { type Member, type PublicName, readSurface } from './public-surface.ts'
import { groupOf, groups } from './reference-groups.ts'

/** What a reader wants first comes first. */
const kinds = ['function', 'const', 'class', 'interface', 'type'] as const

/** A chapter with what belongs to it, in the order of the page. */
export interface Chapter {
  readonly title: string
  readonly says: string
  readonly names: readonly PublicName[]
}

/** The chapters that are not empty. */
export function listChapters(): readonly Chapter[] {
  return groups
    .map(({ title, says }) => ({
      title,
      says,
      names: readSurface()
        .filter(({ file }) => groupOf(file)?.title === title)
        .toSorted(
          (a, b) =>
            kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.name.localeCompare(b.name, 'en'),
        ),
    }))
    .filter(({ names }) => names.length > 0)
}

/** The whole page. */
export function describeLibrary(): string {
  const chapters = listChapters()
  const anchors = anchorsOf(chapters)
  return `${[
    '# The library',
    `Everything that the package exports, and every type that it names, with every member. \`npm run reference\` makes this page from the source.`,
    "```typescript\nimport { createAuth, createGuards } from 'portcullis'\nimport { portcullis, secured } from 'portcullis/fastify'\nimport { sqlite } from 'portcullis/stores/sqlite'\n```",
    'Options alone, with their defaults and units: [Options](options.md). Codes of errors: [Errors](errors.md).\nTimes are whole seconds, instants seconds since 1970.',
    '## Contents',
    chapters.map((chapter) => describeContents(chapter, anchors)).join('\n'),
    ...chapters.flatMap(({ title, says, names }) => [`## ${title}`, says, ...names.map(describe)]),
  ].join('\n\n')}\n`
}

function describeContents({ title, names }: Chapter, anchors: Map<unknown, string>): string {
  const links = names.map((each) => `[${each.name}](#${anchors.get(each)})`)
  return `- **[${title}](#${anchors.get(title)})**: ${links.join(', ')}`
}

/** The anchor of every heading of the page, by the name or the title: of equal ones the later get a number. */
function anchorsOf(chapters: readonly Chapter[]): Map<unknown, string> {
  const anchors = new Map<unknown, string>()
  const seen = new Map<string, number>([
    ['the-library', 1],
    ['contents', 1],
  ])
  const add = (key: unknown, heading: string): void => {
    const slug = heading.toLowerCase().replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    anchors.set(key, times === 0 ? slug : `${slug}-${times}`)
  }
  for (const { title, names } of chapters) {
    add(title, title)
    for (const each of names) add(each, each.name)
  }
  return anchors
}

function describe(described: PublicName): string {
  const { name, signature, text, members } = described
  return [
    `### ${name}`,
    // Of an interface the heading has said as much.
    signature === `interface ${name}` ? '' : `\`\`\`typescript\n${signature}\n\`\`\``,
    describeOrigin(described),
    text,
    members.map((member) => describeMember(name, member)).join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** Where to import it from. Of what cannot be imported: what names it. */
function describeOrigin({ name, specifiers }: PublicName): string {
  if (specifiers.length > 0) return `From ${specifiers.map(codeOf).join(', ')}.`
  const named = new RegExp(`\\b${name}\\b`)
  const naming = readSurface().filter(
    (each) =>
      each.name !== name &&
      [each.signature, ...each.members.map(({ type }) => type)].some((type) => named.test(type)),
  )
  return `Not exported. Named by ${naming.map((each) => codeOf(each.name)).join(', ')}.`
}

function describeMember(owner: string, { name, type, optional, text, declaredBy }: Member): string {
  const origin = declaredBy !== '' && declaredBy !== owner ? ` (of \`${declaredBy}\`)` : ''
  const lines = text.replace(/\n/g, '\n  ').replace(/^ +$/gm, '')
  return `- ${codeOf(`${name}${optional ? '?' : ''}${onOneLine(type)}`)}${origin}  \n  ${lines}`
}

/** A type as it is written, without the remarks in it. */
export function onOneLine(type: string): string {
  return (
    type
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .replace(/\breadonly (?=\w+\??[:(])/g, '')
      // Members on lines of their own.
      .replace(/([\w)\]}'>])\n\s*(?=\w+\??:)/g, '$1; ')
      .replace(/\s+/g, ' ')
      .replace(/([(<[]) /g, '$1')
      .replace(/,? ([)>\]])/g, '$1')
      .replace(/^(: )?\| /, '$1')
      .trim()
      .replace(/^:/, ':')
  )
}

/** As code, also where it has such quotes itself. */
export function codeOf(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}
