// Brings the database up to date. Your application has its own way, such as drizzle-kit.

import type { DatabaseSync } from 'node:sqlite'

/** The table that the application had before. */
const membersAsTheyWere = `
  create table if not exists members (
    id text primary key,
    login text not null unique,
    pw_hash text,
    role text not null,
    is_active integer not null,
    created integer not null,
    email text,
    display_name text not null default ''
  )`

/** The columns that Portcullis adds to it. Each member gets a random stamp. */
const columns = `
  alter table members add column stamp text not null default '';
  update members set stamp = lower(hex(randomblob(16)));
  alter table members add column email_key text;
  alter table members add column email_verified_at integer;
  alter table members add column suspended_until integer;
  alter table members add column delete_at integer;
  alter table members add column fields text;
  create unique index members_email on members (email_key) where email_verified_at is not null;`

const tables = `
  create table if not exists auth_sessions (
    id text primary key,
    member_id text not null references members (id) on delete cascade,
    client_id text not null,
    scopes text not null,
    generation integer not null,
    retry_of integer,
    rotated_at integer not null,
    created_at integer not null,
    expires_at integer not null,
    revoked_at integer,
    security_stamp text not null,
    label text not null,
    address text not null,
    authenticated_at integer not null,
    acr text not null,
    amr text not null,
    kind text not null,
    parent_id text,
    offline integer not null
  );
  create index if not exists auth_sessions_member on auth_sessions (member_id);
  create index if not exists auth_sessions_client on auth_sessions (client_id);
  create index if not exists auth_sessions_parent on auth_sessions (parent_id);
  create table if not exists auth_identities (
    issuer text not null,
    subject text not null,
    member_id text not null references members (id) on delete cascade,
    created_at integer not null,
    primary key (issuer, subject)
  );
  create index if not exists auth_identities_member on auth_identities (member_id);
  create table if not exists auth_state (
    id integer primary key,
    keys_version integer not null,
    epoch text not null
  );
  insert into auth_state values (1, 1, '') on conflict do nothing;
  create table if not exists auth_signing_keys (id text primary key, record text not null);
  create table if not exists auth_clients (id text primary key, record text not null);
  create table if not exists auth_throttle (
    key text primary key,
    account text,
    failures integer not null,
    wait integer not null,
    blocked_until integer not null,
    counted_at integer not null,
    succeeded_at integer
  );
  create index if not exists auth_throttle_account on auth_throttle (account);
  create table if not exists auth_events (
    id text primary key,
    at integer not null,
    type text not null,
    user_id text,
    client_id text,
    actor text,
    record text not null
  );
  create index if not exists auth_events_at on auth_events (at, id);
  create index if not exists auth_events_user on auth_events (user_id, at);`

/** Makes what is missing, all of it or nothing. */
export function migrate(database: DatabaseSync): void {
  database.exec('begin immediate')
  try {
    database.exec(membersAsTheyWere)
    const hasStamp = database
      .prepare("select 1 from pragma_table_info('members') where name = 'stamp'")
      .get()
    if (!hasStamp) database.exec(columns)
    database.exec(tables)
    database.exec('commit')
  } catch (error) {
    database.exec('rollback')
    throw error
  }
}
