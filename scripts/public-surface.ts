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
  NodeBuilderFlags,
  type Project,
  SignatureKind,
  SymbolFlags,
  type Type,
} from 'typescript/unstable/sync'
import { listReached, nodesOf, withoutAlias } from './reached-types.ts'

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

/** A name that entry points export, or a type that the declaration of such a name names. */
export interface PublicName {
  readonly name: string
  readonly kind: Kind
  /** What to import it from, such as `portcullis/web`. Empty for what is only named. */
  readonly specifiers: readonly string[]
  /** The file that declares it, from `src` on. */
  readonly file: string
  /** Its declaration without a body. */
  readonly signature: string
  /** Its docstring, as Markdown. */
  readonly text: string
  readonly members: readonly Member[]
}

let surface: readonly PublicName[] | undefined

/**
 * Everything that the package exports, in the order of its entry points. After it come the types that
 * are exported by none, and that a reader meets in the declarations of the others.
 */
export function readSurface(): readonly PublicName[] {
  surface ??= readFrom(listEntryPoints())
  return surface
}

/** The classes of errors that have codes of their own, with the codes: public or not. */
export function readErrorCodes(): ReadonlyMap<string, readonly string[]> {
  const classes = readFrom(listErrorFiles()).filter(({ kind }) => kind === 'class')
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
    const specifiers = new Map<CompilerSymbol, string[]>()
    for (const [specifier, file] of entryPoints) {
      for (const symbol of listExports(project, file)) {
        specifiers.set(symbol, [...(specifiers.get(symbol) ?? []), specifier])
      }
    }
    return [...listReached(project, specifiers.keys())].map((symbol) => ({
      ...describe(project, symbol),
      specifiers: specifiers.get(symbol) ?? [],
    }))
  } finally {
    compiler.close()
  }
}

function listExports({ program, checker }: Project, file: string): readonly CompilerSymbol[] {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${file} is no module.`)
  return checker.getExportsOfModule(module).map((symbol) => withoutAlias(checker, symbol))
}

function describe(project: Project, symbol: CompilerSymbol): Omit<PublicName, 'specifiers'> {
  const nodes = nodesOf(project, symbol)
  const [node] = nodes
  if (node === undefined) throw new Error(`${symbol.name} has no declaration.`)
  const file = relative(src, node.getSourceFile().fileName).replaceAll('\\', '/')
  return {
    name: symbol.name,
    kind: kindOf(node),
    file,
    signature: nodes.map(headOf).join('\n'),
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
    // Its own before what it inherits, and each as it stands in the source.
    ...properties
      .toSorted(byPlace(symbol))
      .flatMap((property) => describeMember(project, property)),
  ]
}

/** A type's own members before those that it inherits, each in the order of its file. */
function byPlace(owner: CompilerSymbol): (a: CompilerSymbol, b: CompilerSymbol) => number {
  const own = new Set([...owner.getMembers().values()])
  return (a, b) => {
    const [placeOfA, placeOfB] = [a.declarations[0], b.declarations[0]]
    return (
      Number(own.has(b)) - Number(own.has(a)) ||
      (placeOfA?.path ?? '').localeCompare(placeOfB?.path ?? '') ||
      (placeOfA?.index ?? 0) - (placeOfB?.index ?? 0)
    )
  }
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
  // What an alias of ours stands for says more than its name.
  const unfolded = NodeBuilderFlags.InTypeAlias | NodeBuilderFlags.NoTruncation
  const type =
    written ?? (found ? project.checker.typeToString(found, undefined, unfolded) : 'unknown')
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
