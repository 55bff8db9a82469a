import { type Kysely, type RawBuilder, sql } from 'kysely'
import { namesOf } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import { ownTable } from './own-schema.ts'

/**
 * Gives tables and functions of ours on PostgreSQL to the owner of another table, if the role of the connection
 * may. So the server can use what an administrator has made.
 */
export async function giveToOwnerOf(
  db: Kysely<never>,
  table: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  // From PostgreSQL 16 on not every member may.
  const may = sql`case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end`
  const given = sql.join(names.map((name) => prefixed(namesOf(db), name)))
  await executeAll(
    db,
    sql<Statement>`with owner as (
        select relowner as id, relnamespace as place from pg_catalog.pg_class
        where oid = ${ownTable(db, table)} and pg_has_role(relowner, ${may})
      ), made as (
        select format('table %s', pg_class.oid::regclass) as thing from pg_catalog.pg_class, owner
        where relnamespace = place and relname in (${given}) and relkind in ('r', 'p') and relowner <> id
        union all
        select format('function %s', pg_proc.oid::regprocedure) from pg_catalog.pg_proc, owner
        where pronamespace = place and proname in (${given}) and proowner <> id
      )
      select format('alter %s owner to %I', thing, pg_get_userbyid(id)) as statement from made, owner`,
  )
}

/** Gives the rights on a table to all who have them on another one, and to nobody else but its owner. */
export async function copyRights(db: Kysely<never>, from: string, to: string): Promise<void> {
  const [source, target] = [ownTable(db, from), ownTable(db, to)]
  const role = sql`case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end`
  await executeAll(
    db,
    sql<Statement>`with rights as (
        select relowner as owner, relacl as acl, '' as columns from pg_catalog.pg_class
        where oid = ${source}
        union all
        select relowner, attacl, format('(%I)', attname) from pg_catalog.pg_attribute
          join pg_catalog.pg_class on pg_class.oid = attrelid
        where attrelid = ${source} and not attisdropped
      ), changes as (
        -- Those that the database gives on every new table.
        select 1 as turn, format('revoke all on %s from %s', ${target}, ${role}) as statement
        from pg_catalog.pg_class, aclexplode(relacl) where oid = ${target} and grantee <> relowner
        union all
        select 2, format('grant %s %s on %s to %s %s', privilege_type, columns, ${target}, ${role},
          case when is_grantable then 'with grant option' end)
        from rights, aclexplode(acl) where grantee <> owner
      )
      select statement from changes order by turn`,
  )
}

interface Statement {
  readonly statement: string
}

async function executeAll(db: Kysely<never>, statements: RawBuilder<Statement>): Promise<void> {
  for (const { statement } of (await statements.execute(db)).rows) {
    await sql.raw(statement).execute(db)
  }
}
