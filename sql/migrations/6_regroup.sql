-- Up Migration

-- How many targets the records of a job are regrouped to by key; 0: they are not.
alter table weir.job add column targets integer not null default 0;

-- pending: what a source is about to publish, fixed before it does. sources: what a target has taken from each source.
alter table weir.progress add column pending jsonb, add column sources jsonb;

-- Of a job that regroups, results are final where its targets are: what its sources have read is still on the way.
create or replace view weir.line as
  select job, max(line) as line
  from (
    select p.job, p.epoch, case when bool_and(p.watermark is not null) then min(p.watermark) end as line
    from weir.progress p
    join weir.job j on j.name = p.job
    where p.stage = case when j.targets > 0 then 2 else 1 end
    group by p.job, p.epoch
  ) as by_epoch
  group by job;
