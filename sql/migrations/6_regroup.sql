-- Up Migration

-- How many targets the records of a job are regrouped to by key; 0: they are not.
alter table weir.job add column targets integer not null default 0;

-- pending: what a source is about to publish, fixed before it does. sources: what a target has taken from each source.
alter table weir.progress add column pending jsonb, add column sources jsonb;
