// The small changes that a test should notice: one at a time, each where it stands in a source text.

import { parseAst } from 'rolldown/parseAst'

/** One change of one file. */
export interface Mutant {
  /** From 1. */
  readonly line: number
  readonly start: number
  readonly end: number
  /** What is put in the place of the text from `start` to `end`. */
  readonly text: string
  /** What kind of fault it is, in two or three words. */
  readonly kind: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

/** What a change is made of: the node, its text, and those that it is in, the nearest first. */
interface Place {
  readonly node: Node
  readonly parents: readonly Node[]
  textOf(range: unknown): string
  change(kind: string, node: unknown, text: string): void
}

const turned: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
}

/** Calls that narrow what they are called on: without one, more is found or changed. */
const clauses = new Set(['where', 'whereRef', 'andWhere', 'having', 'filter', 'limit'])

const makers: Readonly<Record<string, (place: Place) => void>> = {
  IfStatement: dropCheck,
  ConditionalExpression: dropCheck,
  LogicalExpression({ node, textOf, change }) {
    if (isFirstPart(node.left)) return
    change('half a condition', node, `(${textOf(node.left)})`)
    if (node.operator !== '??') change('half a condition', node, `(${textOf(node.right)})`)
  },
  BinaryExpression({ node, textOf, change }) {
    const [left, right] = [node.left as Node, node.right as Node]
    const was = String(node.operator)
    if (was === '+' && [left, right].some(isText)) return
    // Between the two there may be brackets as well.
    const between = textOf({ start: left.end, end: right.start })
    for (const operator of turned[was] ?? []) {
      const start = textOf({ start: node.start, end: left.end })
      const end = textOf({ start: right.start, end: node.end })
      change('operator turned', node, `${start}${between.replace(was, operator)}${end}`)
    }
  },
  UnaryExpression({ node, textOf, change }) {
    if (node.operator === '!') change('not forgotten', node, `(${textOf(node.argument)})`)
  },
  Literal({ node, parents, textOf, change }) {
    if (typeof node.value === 'boolean' && !isInNameSet(parents)) {
      change('boolean turned', node, String(!node.value))
    }
    // Digits of a member's name are no limit.
    const isName = parents[0]?.key === node && !parents[0]?.computed
    if (
      typeof node.value === 'number' &&
      !isName &&
      !isOrder(parents) &&
      !isFirstPart(parents[1])
    ) {
      change('limit off by one', node, `(${textOf(node)} + 1)`)
    }
    const { pattern } = Object(node.regex) as { pattern?: string }
    if (pattern?.startsWith('^')) change('pattern open', node, textOf(node).replace('/^', '/'))
    if (pattern?.endsWith('$'))
      change('pattern open', node, textOf(node).replace(/\$\/(\w*)$/, '/$1'))
  },
  AwaitExpression({ node, parents, textOf, change }) {
    if (!isAnswer(parents)) change('await dropped', node, `(${textOf(node.argument)})`)
  },
  CallExpression({ node, textOf, change }) {
    const { type, object, property } = node.callee as Node
    const isClause = type === 'MemberExpression' && clauses.has(textOf(property))
    if (isClause) change(`${textOf(property)} forgotten`, node, textOf(object))
  },
  ExpressionStatement({ node, change }) {
    const { type } = node.expression as Node
    const acts = ['CallExpression', 'AwaitExpression', 'AssignmentExpression', 'UpdateExpression']
    if (acts.includes(type)) change('statement dropped', node, ';')
  },
  ThrowStatement({ node, change }) {
    change('throw dropped', node, ';')
  },
  ReturnStatement({ node, parents, change }) {
    if (isEarly(parents)) change('early return dropped', node, ';')
  },
}

function dropCheck({ node, change }: Place): void {
  change('check always true', node.test, 'true')
  change('check always false', node.test, 'false')
}

function isText({ type, value }: Node): boolean {
  return type === 'TemplateLiteral' || typeof value === 'string'
}

/** True in an object of nothing but `true`, of which the names alone are read. */
function isInNameSet([property, object]: readonly Node[]): boolean {
  if (property?.type !== 'Property' || object?.type !== 'ObjectExpression') return false
  return (object.properties as readonly Node[]).every(
    ({ value }) => (value as Node | undefined)?.value === true,
  )
}

/** True in what a comparator answers, of which the sign alone is read. */
function isOrder(parents: readonly Node[]): boolean {
  const own = parents.findIndex(({ type }) => /Function/.test(type))
  const { callee } = Object(parents[own + 1]) as { readonly callee?: Node }
  const { name } = Object(callee?.property) as { readonly name?: string }
  const inside = parents.slice(0, own).map(({ type }) => type)
  return (
    (name === 'sort' || name === 'toSorted') &&
    inside.every((type) => /^(Unary|Conditional)Expression$/.test(type))
  )
}

/** True for `text.split(sign, 1)[0]`, which is always there, and the same however many parts there are. */
function isFirstPart(node: unknown): boolean {
  const { computed, object, property } = Object(node) as Partial<Record<string, Node>>
  const { callee } = Object(object) as { readonly callee?: Node }
  const { name } = Object(callee?.property) as { readonly name?: string }
  return Boolean(computed) && property?.value === 0 && name === 'split'
}

/** True in an async function's return value outside of a `try`: its caller awaits it anyway. */
function isAnswer(parents: readonly Node[]): boolean {
  const own = parents.findIndex(({ type }) => /Function/.test(type))
  const types = parents.slice(0, own).map(({ type }) => type)
  const isBody = own === 0 && parents[0]?.type === 'ArrowFunctionExpression'
  return (isBody || types[0] === 'ReturnStatement') && !types.includes('TryStatement')
}

/** True inside a condition or a loop of the function that returns. */
function isEarly(parents: readonly Node[]): boolean {
  const own = parents.findIndex(({ type }) => /Function/.test(type))
  return parents
    .slice(0, own === -1 ? undefined : own)
    .some(({ type }) => /^If|^For|^While/.test(type))
}

/** Every change of a text of TypeScript, in the order of their places. */
export function mutantsOf(source: string): readonly Mutant[] {
  const found: Mutant[] = []

  function change(kind: string, node: unknown, text: string): void {
    const { start, end } = node as Node
    const mutant = { line: source.slice(0, start).split('\n').length, start, end, text, kind }
    if (source.slice(start, end) !== text && isProgram(apply(source, mutant))) found.push(mutant)
  }

  function visit(node: Node, parents: readonly Node[]): void {
    const textOf = (part: unknown): string => source.slice((part as Node).start, (part as Node).end)
    makers[node.type]?.({ node, parents, textOf, change })
    for (const child of childrenOf(node)) visit(child, [node, ...parents])
  }

  visit(parse(source), [])
  return found.sort((one, other) => one.start - other.start || one.end - other.end)
}

/** The text with the change. */
export function apply(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end)
}

/** Types and imports do nothing at run time; of a cast its value does. */
function childrenOf(node: Node): readonly Node[] {
  const isCast = /^TS(As|NonNull|Satisfies)/.test(node.type)
  if (isCast) return [node.expression as Node]
  if (/^TS|^Import/.test(node.type)) return []
  return Object.values(node).flat().filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof (value as Node | null)?.type === 'string' && 'start' in Object(value)
}

function parse(source: string): Node {
  return parseAst(source, { lang: 'ts' }) as unknown as Node
}

function isProgram(source: string): boolean {
  try {
    parse(source)
    return true
  } catch {
    return false
  }
}
