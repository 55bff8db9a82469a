-- What the step 0002_sessions made, and what was then written: the words of the version that had it.

create table sessions (
  id text not null primary key,
  user_id text not null references users (id) on delete cascade,
  client_id text not null,
  scope text not null,
  generation bigint not null,
  rotated_at bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  security_stamp text not null,
  label text not null,
  address text not null
);
create index sessions_by_user on sessions (user_id, id);
create index sessions_by_expires_at on sessions (expires_at);
create index sessions_by_revoked_at on sessions (revoked_at);
create index sessions_by_rotated_at on sessions (rotated_at);
insert into kysely_migration
  (name, timestamp)
  values ('0002_sessions', '2026-11-24T18:55:31.517Z');
insert into sessions
  (id, user_id, client_id, scope, generation, rotated_at, created_at, expires_at, revoked_at, security_stamp, label, address)
  values ('01a20ee9-c6f6-7604-b7dc-8ad5957d1ef5', '01a20ee9-c2d7-7711-b8cf-ae8f5cd244af', 'first-party', '*', 1, 1800000060, 1800000000, 1807776000, null, 'nnRqhlwapkZ-iGZq', 'Mozilla/5.0 (X11; Linux x86_64)', '192.0.2.7');
insert into sessions
  (id, user_id, client_id, scope, generation, rotated_at, created_at, expires_at, revoked_at, security_stamp, label, address)
  values ('01a20ee9-c718-73c0-bdf9-79b1298b5818', '01a20ee9-c2d7-7711-b8cf-ae8f5cd244af', 'first-party', '*', 0, 1800000060, 1800000060, 1807776060, 1800000060, 'nnRqhlwapkZ-iGZq', 'Mozilla/5.0 (X11; Linux x86_64)', '192.0.2.7');
