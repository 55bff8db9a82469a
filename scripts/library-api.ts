// docs/library-api.md: what each entry point exports, with its docstring, read from the source.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** A name that an entry point exports. */
interface Entry {
  readonly name: string
  readonly signature: string
  readonly text: string
}

const declaration =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export ((?:abstract )?(?:async )?(?:function|const|interface|type|class) (\w+)[\s\S]*?)(?=\n(?:\n|$|\}|\/\*\*|export ))/gm
const passingOn = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

/** What a file of `src` exports, of itself and of others. */
function readEntries(path: string): readonly Entry[] {
  const code = readFileSync(join(root, 'src', path), 'utf8')
  const own = new Map<string, Entry>()
  for (const [, comment = '', head = '', name = ''] of code.matchAll(declaration)) {
    // Of a function with overloads the first counts.
    if (own.has(name)) continue
    own.set(name, { name, signature: shorten(head), text: proseOf(comment) })
  }
  const passed = [...code.matchAll(passingOn)].flatMap(([, names = '', file = '']) => {
    const there = readEntries(join(path, '..', file).replaceAll('\\', '/'))
    const wanted = names.split(',').map((part) => part.trim().replace(/^type /, ''))
    return there.filter(({ name }) => wanted.includes(name))
  })
  return [...own.values(), ...passed]
}

/** A declaration without its body. */
function shorten(head: string): string {
  const isShape = /^(abstract |async )?(interface|class|type) /.test(head)
  const end = isShape ? head.search(/ \{$|\{\n/m) : head.search(/ (\{|=>? ?\{?)$/m)
  return (end < 0 ? head : head.slice(0, end)).trimEnd()
}

/** The text of a docstring, which is Markdown already but for the tags. */
function proseOf(comment: string): string {
  return comment
    .replace(/^ *\* ?/gm, '')
    .replace(/^@throws \{(\w+)\}/gm, '\nThrows `$1`')
    .replace(/^@(\w+)/gm, '\n*$1*')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** The whole page. */
export function describeLibrary(): string {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default?: string }>>
  }
  const sections = Object.entries(exports).flatMap(([specifier, { default: file }]) => {
    if (file === undefined) return []
    const source = file.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts')
    const entries = readEntries(source).toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
    return [
      `## ${specifier.replace(/^\./, 'portcullis')}`,
      ...entries.map(
        ({ name, signature, text }) =>
          `### ${name}\n\n\`\`\`typescript\n${signature}\n\`\`\`\n\n${text}`,
      ),
    ]
  })
  const opening =
    'Everything that the package exports, made from the source by `npm run reference`. Editors show the\nsame, with every member.'
  return `${['# The library', opening, ...sections].join('\n\n')}\n`
}
