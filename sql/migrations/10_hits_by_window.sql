-- Up Migration

-- A partition's counts of a window are final together, so they are one row: lists in the same order, an element for each group. A row for
-- each group costs a multiple, most of it for the key that told groups apart. The table and the view stay the ones that they are: so rights
-- that were granted on them stay, too.
create or replace view public.aggregated_web_traffic as
  select null::timestamptz as window_start, null::timestamptz as window_end, null::text as host, null::text as referrer,
         null::bigint as num_hits, null::text as job;

-- Workers of the old version may be at work: what they commit comes before the copy, or not at all.
lock table weir.hits in access exclusive mode;
create table weir.hits_by_group as select * from weir.hits;

truncate weir.hits;
alter table weir.hits
  drop constraint hits_pkey,
  drop column group_hash,
  drop column host,
  drop column referrer,
  drop column num_hits,
  add column hosts text[] not null,
  add column referrers text[] not null,
  add column num_hits bigint[] not null,
  add constraint hits_pkey primary key (job, window_start, partition);

insert into weir.hits (job, partition, epoch, window_start, window_end, hosts, referrers, num_hits)
  select job, partition, max(epoch), window_start, max(window_end), array_agg(host), array_agg(referrer), array_agg(num_hits)
  from weir.hits_by_group
  group by job, partition, window_start;

drop table weir.hits_by_group;

-- A row for each group.
create view weir.hit_counts as
  select h.job, h.partition, h.window_start, h.window_end, c.host, c.referrer, c.num_hits, h.epoch
  from weir.hits h
  cross join lateral unnest(h.hosts, h.referrers, h.num_hits) as c (host, referrer, num_hits);

create or replace view public.aggregated_web_traffic as
  select h.window_start, h.window_end, h.host, h.referrer, sum(h.num_hits)::bigint as num_hits, h.job
  from weir.hit_counts h
  join weir.line l on l.job = h.job and h.window_end <= l.line
  group by h.job, h.window_start, h.window_end, h.host, h.referrer;
