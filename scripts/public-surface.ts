// What the package exports, with every member, read by the compiler from the entry points of
// package.json: the source of the pages of the reference and of the tests that hold them.

import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Node } from 'typescript/unstable/ast'
import {
  isCallSignatureDeclaration,
  isClassDeclaration,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is'
import {
  API,
  type Checker,
  type Symbol as CompilerSymbol,
  type Project,
  SignatureKind,
  SymbolFlags,
  type Type,
} from 'typescript/unstable/sync'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

export type Kind = 'class' | 'const' | 'function' | 'interface' | 'type'

/** A property, method or call of an interface or a class, its own or inherited. */
export interface Member {
  /** Empty for what is called itself. */
  readonly name: string
  /** As it is written, without `readonly`: `: number`, or `(name: string): Promise<User>`. */
  readonly type: string
  readonly optional: boolean
  readonly isMethod: boolean
  /** The interface or class that declares it: another one for what is inherited. */
  readonly declaredBy: string
  /** The texts that it may be, if it is one of several. */
  readonly literals: readonly string[]
  /** Its docstring, as Markdown. */
  readonly text: string
}

/** A name that one entry point or several export. */
export interface PublicName {
  readonly name: string
  readonly kind: Kind
  /** What to import it from, such as `portcullis/web`. */
  readonly specifiers: readonly string[]
  /** The file that declares it, from `src` on. */
  readonly file: string
  /** Its declaration without a body. */
  readonly signature: string
  /** Its docstring, as Markdown. */
  readonly text: string
  readonly members: readonly Member[]
}

let everything: readonly PublicName[] | undefined

function readEverything(): readonly PublicName[] {
  everything ??= readFrom(new Map([...listEntryPoints(), ...listErrorFiles()]))
  return everything
}

/** Everything that the package exports, in the order of its entry points. */
export function readSurface(): readonly PublicName[] {
  return readEverything().filter(({ specifiers }) => specifiers.length > 0)
}

/** The classes of errors that have codes of their own, with the codes: public or not. */
export function readErrorCodes(): ReadonlyMap<string, readonly string[]> {
  const classes = readEverything().filter(({ kind }) => kind === 'class')
  return new Map(
    classes.flatMap(({ name, members }) => {
      const own = members.find((each) => each.name === 'code' && each.declaredBy === name)
      return own ? [[name, own.literals] as const] : []
    }),
  )
}

/** Files of `src` that declare errors, each by its path, which nobody can import. */
function listErrorFiles(): ReadonlyMap<string, string> {
  const declaration = /^export class \w+ extends (Error|Refusal)\b/m
  return new Map(
    globSync('**/*.ts', { cwd: src })
      .map((path) => join(src, path))
      .filter((path) => declaration.test(readFileSync(path, 'utf8')))
      .map((path) => [path, path] as const),
  )
}

/** The source of each entry point, by its specifier. */
function listEntryPoints(): ReadonlyMap<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default?: string }>>
  }
  return new Map(
    Object.entries(exports).flatMap(([path, { default: file }]) => {
      if (file === undefined) return []
      const source = file.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts')
      return [[path.replace(/^\./, 'portcullis'), join(src, source)] as const]
    }),
  )
}

function readFrom(entryPoints: ReadonlyMap<string, string>): readonly PublicName[] {
  const compiler = new API({ cwd: root })
  try {
    const snapshot = compiler.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
    const [project] = snapshot.getProjects()
    if (project === undefined) throw new Error('The compiler finds no project.')
    const names = new Map<string, PublicName>()
    for (const [specifier, file] of entryPoints) {
      for (const symbol of listExports(project, file)) {
        const described = describe(project, symbol)
        const key = `${described.file} ${described.name}`
        const before = names.get(key)?.specifiers ?? []
        const specifiers = specifier === file ? before : [...before, specifier]
        names.set(key, { ...described, specifiers })
      }
    }
    return [...names.values()]
  } finally {
    compiler.close()
  }
}

function listExports({ program, checker }: Project, file: string): readonly CompilerSymbol[] {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${file} is no module.`)
  return checker
    .getExportsOfModule(module)
    .map((symbol) =>
      (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
    )
}

function describe(project: Project, symbol: CompilerSymbol): Omit<PublicName, 'specifiers'> {
  const nodes = symbol.declarations.flatMap((each) => each.resolve(project) ?? [])
  // Of a function with overloads the last is the implementation, which nobody can call.
  const shown = nodes.length > 1 && nodes.every(isFunctionDeclaration) ? nodes.slice(0, -1) : nodes
  const [node] = shown
  if (node === undefined) throw new Error(`${symbol.name} has no declaration.`)
  const file = relative(src, node.getSourceFile().fileName).replaceAll('\\', '/')
  return {
    name: symbol.name,
    kind: kindOf(node),
    file,
    signature: shown.map(headOf).join('\n'),
    text: textOf(project.checker, symbol),
    members: listMembers(project, symbol, node),
  }
}

function kindOf(node: Node): Kind {
  if (isFunctionDeclaration(node)) return 'function'
  if (isInterfaceDeclaration(node)) return 'interface'
  if (isClassDeclaration(node)) return 'class'
  return isTypeAliasDeclaration(node) ? 'type' : 'const'
}

/** A declaration without what it does. */
function headOf(node: Node): string {
  const text = node.getText().replace(/^export /, '')
  if (isFunctionDeclaration(node)) return beforeBody(node, node.body).replace(/^async /, '')
  if (isInterfaceDeclaration(node) || isClassDeclaration(node)) {
    return text.slice(0, text.indexOf(' {'))
  }
  if (isVariableDeclaration(node)) {
    return `const ${node.name.getText()}${node.type ? `: ${node.type.getText()}` : ''}`
  }
  return text
}

function beforeBody(node: Node, body: Node | undefined): string {
  const text = node.getText()
  const length = body === undefined ? text.length : body.getStart() - node.getStart()
  return text
    .slice(0, length)
    .replace(/^export /, '')
    .trimEnd()
}

function listMembers(project: Project, symbol: CompilerSymbol, node: Node): readonly Member[] {
  const { checker } = project
  if ((symbol.flags & (SymbolFlags.Interface | SymbolFlags.Class | SymbolFlags.TypeAlias)) === 0) {
    return []
  }
  const type = checker.getDeclaredTypeOfSymbol(symbol)
  const properties = type.isUnionType() || !isShape(type) ? [] : checker.getPropertiesOfType(type)
  return [
    ...(isClassDeclaration(node) ? node.members.filter(isConstructorDeclaration) : []).map(
      (made) => ({
        name: 'constructor',
        type: beforeBody(made, made.body).replace(/^constructor/, ''),
        optional: false,
        isMethod: true,
        declaredBy: symbol.name,
        literals: [],
        text: 'Made by the library; an application may throw one of its own.',
      }),
    ),
    ...listCalls(project, type, symbol.name),
    ...properties.flatMap((property) => describeMember(project, property)),
  ]
}

/** True for what has members of its own: not a text, a number or a function. */
function isShape(type: Type): boolean {
  return type.isClassOrInterface() || type.isObjectType() || type.isIntersectionType()
}

/** How a function that has members is called itself. */
function listCalls(project: Project, type: Type, declaredBy: string): readonly Member[] {
  if (!type.isClassOrInterface()) return []
  return project.checker.getSignaturesOfType(type, SignatureKind.Call).flatMap((signature) => {
    const node = signature.declaration?.resolve(project)
    if (node === undefined || !isCallSignatureDeclaration(node)) return []
    const text = proseOf(node)
    const type = node.getText()
    return [{ name: '', type, optional: false, isMethod: true, declaredBy, literals: [], text }]
  })
}

/** A member that is declared in `src`; none for those of the platform's `Error` and the like. */
function describeMember(project: Project, property: CompilerSymbol): readonly Member[] {
  const [node] = property.declarations.flatMap((each) => each.resolve(project) ?? [])
  if (node === undefined || !node.getSourceFile().fileName.startsWith(src)) return []
  const optional = (property.flags & SymbolFlags.Optional) !== 0
  const text = textOf(project.checker, property) || descriptionOf(node)
  const { name } = property
  // An error's own name, and a brand that nobody can write.
  if ((isPropertyDeclaration(node) && name === 'name') || name.startsWith('__')) return []
  const { parent } = node
  const isNamed = isInterfaceDeclaration(parent) || isClassDeclaration(parent)
  const declaredBy = isNamed ? (parent.name?.getText() ?? '') : ''
  if (isMethodSignatureDeclaration(node) || isMethodDeclaration(node)) {
    const head = beforeBody(node, isMethodDeclaration(node) ? node.body : undefined)
    const type = head.replace(/^(?:override |async )*[\w$]+\??/, '')
    return [{ name, type, optional, isMethod: true, declaredBy, literals: [], text }]
  }
  const hasType = isPropertySignatureDeclaration(node) || isPropertyDeclaration(node)
  const written = hasType ? node.type?.getText() : undefined
  const found = project.checker.getTypeOfSymbol(property)
  const type = written ?? (found ? project.checker.typeToString(found) : 'unknown')
  const literals = found ? listLiterals(found) : []
  return [{ name, type: `: ${type}`, optional, isMethod: false, declaredBy, literals, text }]
}

/** What the table of settings says of a member of the configuration. */
function descriptionOf(node: Node): string {
  if (!isVariableDeclaration(node)) return ''
  return /\bdescription:\s*(['`])([\s\S]*?)\1/.exec(node.getText())?.[2] ?? ''
}

function listLiterals(type: Type): readonly string[] {
  const alternatives = type.isUnionType() ? type.getTypes() : [type]
  return alternatives.flatMap((each) => (each.isStringLiteralType() ? [each.value] : []))
}

/** The docstring of a call, which has no symbol. */
function proseOf(node: Node): string {
  const comment = node.getSourceFile().text.slice(node.getFullStart(), node.getStart())
  return comment
    .replace(/^\s*\/\*\*|\*\/\s*$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .trim()
}

function textOf(checker: Checker, symbol: CompilerSymbol): string {
  const tags = symbol.getJsDocTags(checker).map(({ name, text = '' }) => {
    if (name !== 'throws') return `*${name}* ${text}`
    return `Throws ${text.replace(/^\{(\w+)\}/, '`$1`')}`
  })
  return [symbol.getDocumentationComment(checker), ...tags]
    .join('\n\n')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim()
}
