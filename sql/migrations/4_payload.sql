-- Up Migration

-- Payloads that are too large for Temporal's history, which holds their ids (docs/architecture.md, payloads). id is the SHA-256 of data;
-- a payload that was stored before its run began, such as the state that a run hands on, has no run_id.
create table weir.payload (
  id          bytea primary key,
  workflow_id text,
  run_id      text,
  data        bytea not null,
  stored_at   timestamptz not null default now(),
  used_at     timestamptz not null default now()
);
-- It is compressed already.
alter table weir.payload alter column data set storage external;
