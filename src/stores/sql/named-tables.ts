import {
  type CreateIndexNode,
  type Dialect,
  IdentifierNode,
  Kysely,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type PrimaryKeyConstraintNode,
  type QueryId,
  type QueryResult,
  type RawBuilder,
  type RootOperationNode,
  type SchemableIdentifierNode,
  sql,
  type UnknownRow,
} from 'kysely'
import { prefixed, type TableNames } from './names.ts'
import type { Schema } from './schema.ts'

type AnyKysely = Pick<Kysely<never>, 'getExecutor'>

const tables: Readonly<Record<keyof Schema, true>> = {
  users: true,
  sessions: true,
  identities: true,
  signing_keys: true,
  throttle: true,
  clients: true,
  events: true,
  signing_key_set: true,
  one_time_tokens: true,
  mail_outbox: true,
  authorization_codes: true,
  consents: true,
  logout_notices: true,
  api_keys: true,
  factors: true,
  recovery_codes: true,
}

/**
 * Kysely whose statements name our tables as this installation does. A statement is rewritten when it is
 * compiled, so a prepared one costs nothing more. Without names of its own nothing is rewritten.
 *
 * In raw SQL only what `sql.table` and `sql.ref` name is rewritten.
 */
export function createKysely<Tables = Schema>(dialect: Dialect, names: TableNames): Kysely<Tables> {
  const isNamed = names.schema !== undefined || prefixed(names, '') !== ''
  return new Kysely({ dialect, plugins: isNamed ? [new TableNamesPlugin(names)] : [] })
}

/** The names that the statements of this database are given. */
export function namesOf(db: AnyKysely): TableNames {
  const plugin = db.getExecutor().plugins.find((each) => each instanceof TableNamesPlugin)
  return plugin?.names ?? {}
}

/** Something of ours in the schema of our tables, such as a function: its name for raw SQL. */
export function ownName(db: AnyKysely, name: string): RawBuilder<unknown> {
  return inOwnSchema(db, prefixed(namesOf(db), name))
}

/** Something in the schema of our tables by its whole name. */
export function inOwnSchema(db: AnyKysely, name: string): RawBuilder<unknown> {
  const { schema } = namesOf(db)
  return schema === undefined ? sql.id(name) : sql.id(schema, name)
}

class TableNamesPlugin implements KyselyPlugin {
  readonly names: TableNames
  readonly #transformer: TableNamesTransformer

  constructor(names: TableNames) {
    this.names = names
    this.#transformer = new TableNamesTransformer(names)
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId)
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result
  }
}

/** Rewrites a part of a statement as often as it is asked to: what has been rewritten is no table's name. */
class TableNamesTransformer extends OperationNodeTransformer {
  readonly #names: TableNames

  constructor(names: TableNames) {
    super()
    this.#names = names
  }

  protected override transformSchemableIdentifier(
    node: SchemableIdentifierNode,
  ): SchemableIdentifierNode {
    if (node.schema !== undefined || !Object.hasOwn(tables, node.identifier.name)) return node
    const { schema } = this.#names
    return {
      ...node,
      identifier: this.#prefix(node.identifier),
      ...(schema !== undefined && { schema: IdentifierNode.create(schema) }),
    }
  }

  // Indexes, and the constraints that make them, have names that are one of a kind in their schema.
  protected override transformCreateIndex(node: CreateIndexNode, id?: QueryId): CreateIndexNode {
    return { ...super.transformCreateIndex(node, id), name: this.#prefix(node.name) }
  }

  protected override transformPrimaryKeyConstraint(
    node: PrimaryKeyConstraintNode,
    id?: QueryId,
  ): PrimaryKeyConstraintNode {
    const { name, ...others } = super.transformPrimaryKeyConstraint(node, id)
    return name === undefined ? others : { ...others, name: this.#prefix(name) }
  }

  #prefix({ name }: IdentifierNode): IdentifierNode {
    return IdentifierNode.create(prefixed(this.#names, name))
  }
}
