// The types that a reader meets in declarations: in parameters, results and members, and not in what a
// function does.

import { join } from 'node:path'
import type { Node } from 'typescript/unstable/ast'
import {
  isBlock,
  isClassDeclaration,
  isComputedPropertyName,
  isExpressionWithTypeArguments,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isTypeAliasDeclaration,
  isTypeReferenceNode,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is'
import {
  type Checker,
  type Symbol as CompilerSymbol,
  type Project,
  SymbolFlags,
} from 'typescript/unstable/sync'

const src = join(import.meta.dirname, '../src')

/** Symbols, and the types of ours that their declarations name, and those that these name. */
export function listReached(
  project: Project,
  from: Iterable<CompilerSymbol>,
): ReadonlySet<CompilerSymbol> {
  const reached = new Set(from)
  // The loop comes to what is added meanwhile.
  for (const symbol of reached) {
    for (const node of nodesOf(project, symbol).flatMap(listTypeNames)) {
      const named = project.checker.getSymbolAtLocation(node)
      const type = named && withoutAlias(project.checker, named)
      if (type !== undefined && isOurType(project, type)) reached.add(type)
    }
  }
  return reached
}

/** True for a type that files of `src` alone declare: none that they add to, and no parameter of a type. */
function isOurType(project: Project, symbol: CompilerSymbol): boolean {
  const nodes = nodesOf(project, symbol)
  return (
    nodes.every((node) => node.getSourceFile().fileName.startsWith(src)) &&
    nodes.some(
      (node) =>
        isInterfaceDeclaration(node) || isClassDeclaration(node) || isTypeAliasDeclaration(node),
    )
  )
}

/** What an import or a re-export stands for. */
export function withoutAlias(checker: Checker, symbol: CompilerSymbol): CompilerSymbol {
  return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol)
}

/** The declarations of a name that can be used. */
export function nodesOf(project: Project, symbol: CompilerSymbol): readonly Node[] {
  const nodes = symbol.declarations.flatMap((each) => each.resolve(project) ?? [])
  // Of a function with overloads the last is the implementation, which nobody can call.
  return nodes.length > 1 && nodes.every(isFunctionDeclaration) ? nodes.slice(0, -1) : nodes
}

/** The names of types in a declaration, each where it stands. */
function listTypeNames(declaration: Node): readonly Node[] {
  const found: Node[] = []
  const visit = (node: Node): void => {
    if (isBlock(node) || isHidden(node)) return
    if (isTypeReferenceNode(node)) found.push(node.typeName)
    if (isExpressionWithTypeArguments(node)) found.push(node.expression)
    const hasValue = isVariableDeclaration(node) || isPropertyDeclaration(node)
    const value = hasValue ? node.initializer : undefined
    node.forEachChild((child) => {
      if (child !== value) visit(child)
    })
  }
  visit(declaration)
  return found
}

/** True for a member that an application cannot use: a private one, or one under a symbol of ours. */
function isHidden(node: Node): boolean {
  const { name } = node as Node & { readonly name?: Node }
  return name !== undefined && (isPrivateIdentifier(name) || isComputedPropertyName(name))
}
