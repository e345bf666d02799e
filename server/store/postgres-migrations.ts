/**
 * Postgres schema `layover`, one entry a version (`meta`, name `schema`). Never edit a released entry; add one. Old and new
 * gateways run side by side during a deploy: an entry that the gateways before it can't live with raises `oldest`.
 *
 * The tables are those of SQLite (migrations.ts). Beside them `commit_mark` holds an id of each recent commit, by which a
 * writer whose connection broke in mid-commit learns what became of it; and of a record `readable` is a copy of `entity` that
 * the database can look into, where the entity holds what Postgres can't. The indexes of the feed say `change > 0`, which holds
 * for every row, so that nothing but the feed can be tempted to use them.
 */
export interface PostgresMigration {
  readonly sql: string
  /** Number of the oldest version whose gateways may go on beside this one. */
  readonly oldest: number
}

export const POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    oldest: 1,
    sql: `
  create table layover.partition (name text collate "C" primary key, head bigint not null) with (fillfactor = 50);
  create table layover.record (
    partition text collate "C" not null, type text collate "C" not null, key text collate "C" not null,
    change bigint not null, owner text collate "C", deleted boolean not null, entity text not null, readable text,
    text text, shape text collate "C", changed_at bigint not null,
    primary key (partition, type, key)
  );
  create index record_type on layover.record (partition, type, change) where change > 0;
  create index record_owner on layover.record (partition, type, owner, change) where change > 0;
  create index record_deleted on layover.record (changed_at) where deleted;
  create table layover.version (
    partition text collate "C" not null, type text collate "C" not null, key text collate "C" not null,
    version integer not null, entity text not null, "user" text, client text, replaced_at bigint,
    primary key (partition, type, key, version)
  );
  create index version_replaced on layover.version (replaced_at) where replaced_at is not null;
  create table layover.departed (
    partition text collate "C" not null, type text collate "C" not null, key text collate "C" not null,
    owner text collate "C" not null, change bigint not null, entity text not null, changed_at bigint not null,
    primary key (partition, type, key, owner)
  );
  create index departed_change on layover.departed (partition, type, owner, change);
  create index departed_at on layover.departed (changed_at);
  create sequence layover.task_number;
  create table layover.task (
    number bigint primary key,
    partition text collate "C" not null, "user" text collate "C" not null, id text collate "C" not null,
    name text not null, definition_version integer not null, input_hash text not null,
    args text not null, viewer text not null, client text, sequence bigint, after text not null, token text,
    touches text not null, status text not null, state text not null, reference text collate "C" not null unique,
    payload text not null, contested text, taken_at bigint not null, finished_at bigint, parked text,
    expired boolean not null default false, walks integer not null default 0, walker text,
    unique (partition, "user", id)
  );
  create index task_unfinished on layover.task (number) where state <> 'finished';
  create index task_finished on layover.task (finished_at) where state = 'finished' and not expired;
  create index task_status on layover.task (partition, status, number)
    where status in ('CONFLICT', 'IN_REVIEW', 'PARKED');
  create table layover.touch (
    partition text collate "C" not null, record text collate "C" not null, number bigint not null, writes boolean not null,
    primary key (partition, record, number)
  );
  create table layover.waits (blocker bigint not null, waiter bigint not null, primary key (blocker, waiter));
  create index waits_waiter on layover.waits (waiter);
  create table layover.memo (
    reference text collate "C" not null, key text collate "C" not null, value text not null, primary key (reference, key)
  );
  create table layover.signal (reference text collate "C" primary key, action text not null, said_at bigint not null);
  create table layover.commit_mark (id uuid primary key, at timestamptz not null default now());
  `,
  },
]
