-- Up Migration

-- Of a job: the replay that began its epoch, by the id of the request, with what was answered: who asks again hears the same.
alter table weir.job add column replay jsonb;

-- rewrite: what a replay has to write again (src/domain/rewrite.ts). begins_at: where the job began to read this partition, in its first
-- epoch. longest_ms: nothing that was written is longer, from start to end. stopped: a
-- newer epoch has begun, nobody may claim it any more. paused: why it does not read on; null: it does.
alter table weir.progress
  add column rewrite    jsonb,
  add column begins_at  bigint not null default 0,
  add column longest_ms bigint not null default 0,
  add column stopped    boolean not null default false,
  add column paused     text;

-- What is there by now may be of any length.
update weir.progress set longest_ms = 315360000000;
