-- What the step 0001_users_and_keys made, and what was then written: the words of the version that had it.

create table kysely_migration (
  name varchar(255) not null primary key,
  timestamp varchar(255) not null
);
create table kysely_migration_lock (
  id varchar(255) not null primary key,
  is_locked integer default 0 not null
);
create table users (
  id text not null primary key,
  username text not null unique,
  password_hash text,
  role text not null,
  active integer not null,
  created_at bigint not null,
  security_stamp text not null
);
create index users_by_role on users (role, active);
create table signing_keys (
  id text not null primary key,
  algorithm text not null,
  sealed_private_key text not null,
  created_at bigint not null
);
insert into kysely_migration_lock
  (id, is_locked)
  values ('migration_lock', 0);
insert into kysely_migration
  (name, timestamp)
  values ('0001_users_and_keys', '2026-11-24T18:55:30.489Z');
insert into users
  (id, username, password_hash, role, active, created_at, security_stamp)
  values ('01a20ee9-c2d7-7711-b8cf-ae8f5cd244af', 'alice', '$argon2id$v=19$m=19456,t=2,p=1$aGBpIUcQwo3ET0yi5Fqqfg$QelsQVgAL+g2sAnhL2iwhXDpxSPSA1E7ymJo9S+rA4M', 'admin', 1, 1800000000, 'nnRqhlwapkZ-iGZq');
insert into users
  (id, username, password_hash, role, active, created_at, security_stamp)
  values ('01a20ee9-c383-77f3-9527-4f78e7299381', 'bob', '$argon2id$v=19$m=19456,t=2,p=1$40YIhlt9+8YOjvky3YYA1g$lJPFjX+mWne2u/MtlxHvhlgJH4yFxbGcZ+cjN67F2XQ', 'member', 0, 1800000000, 'KMxqFYa6Sa_3ImWU');
insert into users
  (id, username, password_hash, role, active, created_at, security_stamp)
  values ('01a20ee9-c39d-718f-a0d7-d6ef3f28243d', 'carol', null, 'member', 1, 1800000000, 'jjC_MoMOMAXSYHbA');
insert into users
  (id, username, password_hash, role, active, created_at, security_stamp)
  values ('01a20ee9-c39e-77f1-9e60-a9f00c705e06', 'dave', '$2b$10$ynpl0zcs20.XU0/OxcPOiOZ.klyuBT9L5bVkV.vYVk5qKj5gp2rMu', 'member', 1, 1800000000, '_RMmmBb3VYqVNXnu');
insert into signing_keys
  (id, algorithm, sealed_private_key, created_at)
  values ('7u35EvRgJHndScDxlCOsgAg9nTsaWXUdLhYk0PxFRgo', 'ES256', 'v1.AdT6h7vqJQ5-yIgKjCLXCNWBULEeP6edYEcL-YiIWwbCnE0dhzR2HjXz6hHuOYd31xMnCjtUDtZ6cQ33iYpLCPsl5GVhyepmyX6kqHNfzhuObOI-A62eFi5zH6OmlOwo3ez4cHlzqUwzTDWO2znq3cecgaYVlLPdO8T0FLB7-gIYZ8M-ZKI1c8qi8wtYYR3Pz132YBsuVUKYUyuCJ_-pzMGMbkHLDFn_CurbUTYhx0zlCDi3nUL0uLb7vzW64BeYcv_qTWR1Z-XryRUq', 1800000000);
