/**
 * SQLite schema, one entry a version (`PRAGMA user_version`). Never edit a released entry; add one.
 *
 * record   the replicated rows; `change` is the number of the row's last change, so a row changed a hundred times is sent once
 * version  every state a record had, up to the horizon: bases of merges
 * departed a record that went to another owner, for the one who lost it
 * task     claims: (partition, user, id) with the hash of the input, kept for TASK_RETENTION_DAYS
 * touch    records touched by unfinished tasks
 * waits    who waits for whom
 * memo     the journal: what a step of a running task recorded
 * signal   what an operator said about a parked task; another process may write here
 *
 * Of a record, `text` is its ready-made JSON for the known `changes` document and `shape` says for which. `changed_at` and
 * `replaced_at` (milliseconds; when a version's successor was written) are for the pruning job alone: nothing else may order
 * by them. `expired` says that a task's outcome was given up and only its claim stays; `walker` is the token of the walk that
 * claimed it last.
 */
export const SQLITE_MIGRATIONS: readonly string[] = [
  `
  create table meta (name text primary key, value text not null) without rowid;
  create table partition (name text primary key, head integer not null) without rowid;
  create table record (
    partition text not null, type text not null, key text not null, change integer not null,
    owner text, deleted integer not null, entity text not null,
    primary key (partition, type, key)
  ) without rowid;
  create unique index record_change on record (partition, change);
  create table version (
    partition text not null, type text not null, key text not null, version integer not null,
    entity text not null, user text, client text,
    primary key (partition, type, key, version)
  ) without rowid;
  create table departed (
    partition text not null, type text not null, key text not null, owner text not null,
    change integer not null, entity text not null,
    primary key (partition, type, key, owner)
  ) without rowid;
  create index departed_change on departed (partition, owner, change);
  create table task (
    number integer primary key autoincrement,
    partition text not null, user text not null, id text not null,
    name text not null, definition_version integer not null, input_hash text not null,
    args text not null, viewer text not null, client text, sequence integer, after text not null, touches text not null,
    status text not null, state text not null, reference text not null unique,
    payload text not null, contested text, taken_at integer not null, finished_at integer,
    unique (partition, user, id)
  );
  create index task_unfinished on task (number) where state <> 'finished';
  create table touch (
    partition text not null, record text not null, number integer not null, writes integer not null,
    primary key (partition, record, number)
  ) without rowid;
  create table waits (blocker integer not null, waiter integer not null, primary key (blocker, waiter)) without rowid;
  create index waits_waiter on waits (waiter);
  create table memo (reference text not null, key text not null, value text not null, primary key (reference, key)) without rowid;
  `,
  `
  alter table record add column text text;
  alter table record add column shape text;
  alter table record add column changed_at integer not null default 0;
  alter table version add column replaced_at integer;
  alter table departed add column changed_at integer not null default 0;
  -- What is here already was told to nobody knows whom: it is kept for a whole horizon from now.
  update record set changed_at = cast(unixepoch('subsec') * 1000 as integer) where deleted = 1;
  update departed set changed_at = cast(unixepoch('subsec') * 1000 as integer);
  update version set replaced_at = cast(unixepoch('subsec') * 1000 as integer) where exists (
    select 1 from version later where later.partition = version.partition and later.type = version.type
      and later.key = version.key and later.version > version.version);
  drop index record_change;
  create index record_type on record (partition, type, change);
  create index record_owner on record (partition, type, owner, change);
  create index record_deleted on record (changed_at) where deleted = 1;
  drop index departed_change;
  create index departed_change on departed (partition, type, owner, change);
  create index departed_at on departed (changed_at);
  create index version_replaced on version (replaced_at) where replaced_at is not null;
  alter table task add column expired integer not null default 0;
  create index task_finished on task (finished_at) where state = 'finished' and expired = 0;
  alter table task add column walks integer not null default 0;
  alter table task add column parked text;
  alter table task add column token text;
  create table signal (reference text primary key, action text not null, said_at integer not null) without rowid;
  `,
  `alter table task add column walker text;`,
]
