-- Up Migration

create schema if not exists weir;

-- Epoch milliseconds to an instant, exactly: to_timestamp(double precision) would round far from today.
-- Not immutable only because timestamptz + interval is not; so it is inlined.
create function weir.instant(ms bigint) returns timestamptz
  language sql stable parallel safe
  return timestamptz '1970-01-01 00:00:00+00' + (ms / 1000) * interval '1 second' + (ms % 1000) * interval '1 millisecond';

create function weir.millis(at timestamptz) returns bigint
  language sql immutable parallel safe
  return (extract(epoch from at) * 1000)::bigint;

create table weir.job (
  name       text primary key,
  pipeline   text not null,
  epoch      integer not null default 0,
  config     jsonb not null,
  created_at timestamptz not null default now()
);

-- How far each partition of a job is committed. Rows are updated for every commit: room for them on their own page.
create table weir.progress (
  job             text not null references weir.job (name),
  stage           smallint not null default 1,
  partition       integer not null,
  epoch           integer not null,
  owner           text,
  number          bigint not null default 0,
  "offset"        bigint not null,
  watermark       timestamptz,
  rebuild_from    bigint not null,
  advances        jsonb not null default '[]',
  caught_up_since timestamptz,
  ends_until      timestamptz,
  read            bigint not null default 0,
  accepted        bigint not null default 0,
  duplicate       bigint not null default 0,
  late            bigint not null default 0,
  rejected        bigint not null default 0,
  skipped         bigint not null default 0,
  updated_at      timestamptz not null default now(),
  primary key (job, stage, partition, epoch),
  check (read = accepted + duplicate + late + rejected)
) with (fillfactor = 50);

-- Every record that was rejected or late, as it came; of a value longer than 1 MiB the beginning, and its length.
create table weir.rejected (
  job         text not null,
  epoch       integer not null,
  stage       smallint not null default 1,
  partition   integer not null,
  "offset"    bigint not null,
  topic       text not null,
  reason      text not null,
  record_time timestamptz,
  key         bytea,
  value       bytea,
  value_bytes integer,
  rejected_at timestamptz not null default now(),
  primary key (job, epoch, stage, partition, "offset")
);

-- Counts of one partition; people read public.aggregated_web_traffic. group_hash is the SHA-256 of host and referrer: a referrer may be
-- longer than an index entry.
create table weir.hits (
  job          text not null,
  partition    integer not null,
  window_start timestamptz not null,
  window_end   timestamptz not null,
  group_hash   bytea not null,
  host         text,
  referrer     text,
  num_hits     bigint not null,
  epoch        integer not null,
  primary key (job, window_start, group_hash, partition)
);

-- The job's line: the smallest watermark of its partitions, none while one has none; during a replay the largest over the epochs.
create view weir.line as
  select job, max(line) as line
  from (
    select job, epoch, case when bool_and(watermark is not null) then min(watermark) end as line
    from weir.progress
    where stage = 1
    group by job, epoch
  ) as by_epoch
  group by job;

-- A window is shown once, when it is final for the whole job: then its sum over the partitions never changes.
create view public.aggregated_web_traffic as
  select h.window_start, h.window_end, h.host, h.referrer, sum(h.num_hits)::bigint as num_hits, h.job
  from weir.hits h
  join weir.line l on l.job = h.job and h.window_end <= l.line
  group by h.job, h.window_start, h.window_end, h.host, h.referrer;
