create view public.aggregated_clickstream (
  url text,
  country text,
  number_of_clicks bigint,
  number_of_unique_users bigint,
  average_time_spent double precision,
  job text
);

create view public.aggregated_web_traffic (
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  host text,
  referrer text,
  num_hits bigint,
  job text
);

create table public.user_sessions (
  session_id text not null,
  user_id text,
  ip text,
  session_start timestamp with time zone not null,
  session_end timestamp with time zone not null,
  window_end timestamp with time zone not null,
  event_count bigint not null,
  session_date date not null,
  country text,
  state text,
  city text,
  os text,
  browser text,
  device text,
  is_logged_in boolean not null,
  host text,
  is_bot boolean not null,
  job text not null,
  partition integer not null,
  epoch integer not null,
  PRIMARY KEY (job, session_date, session_start, session_id)
);
CREATE INDEX user_sessions_ip ON ONLY public.user_sessions USING btree (ip);
CREATE UNIQUE INDEX user_sessions_pkey ON ONLY public.user_sessions USING btree (job, session_date, session_start, session_id);
CREATE INDEX user_sessions_user ON ONLY public.user_sessions USING btree (user_id, session_start) WHERE (user_id IS NOT NULL);

create view weir.click_users (
  job text,
  partition integer,
  bucket_start timestamp with time zone,
  group_hash bytea,
  url text,
  country text,
  user_id text,
  clicks bigint,
  samples bigint,
  time_spent_ms bigint
);

create table weir.clicks (
  job text not null,
  partition integer not null,
  bucket_start timestamp with time zone not null,
  bucket_end timestamp with time zone not null,
  final_at timestamp with time zone not null,
  group_hash bytea not null,
  url text,
  country text,
  clicks bigint not null,
  samples bigint not null,
  time_spent_ms bigint not null,
  users text[] not null,
  epoch integer not null,
  PRIMARY KEY (job, group_hash, bucket_start, partition)
);
CREATE INDEX clicks_bucket ON weir.clicks USING brin (bucket_start);
CREATE UNIQUE INDEX clicks_pkey ON weir.clicks USING btree (job, group_hash, bucket_start, partition);

create view weir.final_clicks (
  job text,
  partition integer,
  bucket_start timestamp with time zone,
  bucket_end timestamp with time zone,
  final_at timestamp with time zone,
  group_hash bytea,
  url text,
  country text,
  clicks bigint,
  samples bigint,
  time_spent_ms bigint,
  users text[],
  epoch integer
);

create table weir.geo_budget (
  day date not null,
  requests bigint not null,
  PRIMARY KEY (day)
);
CREATE UNIQUE INDEX geo_budget_pkey ON weir.geo_budget USING btree (day);

create table weir.geo_cache (
  ip text not null,
  country text,
  state text,
  city text,
  looked_up_at timestamp with time zone not null,
  PRIMARY KEY (ip)
);
CREATE UNIQUE INDEX geo_cache_pkey ON weir.geo_cache USING btree (ip);

create table weir.geo_lookups (
  day date not null,
  source text not null,
  lookups bigint not null,
  PRIMARY KEY (day, source)
);
CREATE UNIQUE INDEX geo_lookups_pkey ON weir.geo_lookups USING btree (day, source);

create table weir.geo_queue (
  ip text not null,
  spellings text[] not null,
  queued_at timestamp with time zone not null default now(),
  asked_at timestamp with time zone,
  attempts integer not null default 0,
  last_error text,
  PRIMARY KEY (ip)
);
CREATE INDEX geo_queue_next ON weir.geo_queue USING btree (attempts, queued_at, ip);
CREATE UNIQUE INDEX geo_queue_pkey ON weir.geo_queue USING btree (ip);

create view weir.hit_counts (
  job text,
  partition integer,
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  host text,
  referrer text,
  num_hits bigint,
  epoch integer
);

create table weir.hits (
  job text not null,
  partition integer not null,
  window_start timestamp with time zone not null,
  window_end timestamp with time zone not null,
  epoch integer not null,
  hosts text[] not null,
  referrers text[] not null,
  num_hits bigint[] not null,
  PRIMARY KEY (job, window_start, partition)
);
CREATE UNIQUE INDEX hits_pkey ON weir.hits USING btree (job, window_start, partition);

create table weir.job (
  name text not null,
  pipeline text not null,
  epoch integer not null default 0,
  config jsonb not null,
  created_at timestamp with time zone not null default now(),
  targets integer not null default 0,
  replay jsonb,
  topic_id text,
  PRIMARY KEY (name)
);
CREATE UNIQUE INDEX job_pkey ON weir.job USING btree (name);

create view weir.line (
  job text,
  line timestamp with time zone
);

create table weir.migration (
  id integer not null default nextval('weir.migration_id_seq'::regclass),
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX migration_pkey ON weir.migration USING btree (id);

create table weir.payload (
  id bytea not null,
  workflow_id text,
  run_id text,
  data bytea not null,
  stored_at timestamp with time zone not null default now(),
  used_at timestamp with time zone not null default now(),
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX payload_pkey ON weir.payload USING btree (id);

create table weir.progress (
  job text not null,
  stage smallint not null default 1,
  partition integer not null,
  epoch integer not null,
  owner text,
  number bigint not null default 0,
  "offset" bigint not null,
  watermark timestamp with time zone,
  rebuild_from bigint not null,
  advances jsonb not null default '[]'::jsonb,
  caught_up_since timestamp with time zone,
  ends_until timestamp with time zone,
  read bigint not null default 0,
  accepted bigint not null default 0,
  duplicate bigint not null default 0,
  late bigint not null default 0,
  rejected bigint not null default 0,
  skipped bigint not null default 0,
  updated_at timestamp with time zone not null default now(),
  pending jsonb,
  sources jsonb,
  rewrite jsonb,
  begins_at bigint not null default 0,
  longest_ms bigint not null default 0,
  stopped boolean not null default false,
  paused text,
  CHECK ((read = (((accepted + duplicate) + late) + rejected))),
  FOREIGN KEY (job) REFERENCES weir.job(name),
  PRIMARY KEY (job, stage, partition, epoch)
) with (fillfactor=50);
CREATE UNIQUE INDEX progress_pkey ON weir.progress USING btree (job, stage, partition, epoch);

create table weir.rejected (
  job text not null,
  epoch integer not null,
  stage smallint not null default 1,
  partition integer not null,
  "offset" bigint not null,
  topic text not null,
  reason text not null,
  record_time timestamp with time zone,
  key bytea,
  value bytea,
  value_bytes integer,
  rejected_at timestamp with time zone not null default now(),
  PRIMARY KEY (job, epoch, stage, partition, "offset")
);
CREATE UNIQUE INDEX rejected_pkey ON weir.rejected USING btree (job, epoch, stage, partition, "offset");

create table weir.resent (
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  stamp bigint not null,
  job text not null,
  run uuid not null,
  claimed_at timestamp with time zone not null default now(),
  sent_at timestamp with time zone,
  new_offset bigint,
  PRIMARY KEY (topic, partition, "offset", stamp)
);
CREATE UNIQUE INDEX resent_pkey ON weir.resent USING btree (topic, partition, "offset", stamp);

create function public.aggregated_clickstream(p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, p_job text DEFAULT NULL::text) returns TABLE(url text, country text, number_of_clicks bigint, number_of_unique_users bigint, average_time_spent double precision, job text);
create function public.getaveragetimespent(p_url text, p_country text) returns TABLE(url text, country text, average_time_spent double precision);
create function public.getaveragetimespent(p_url text, p_country text, p_from timestamp with time zone, p_to timestamp with time zone, p_job text DEFAULT NULL::text) returns TABLE(url text, country text, average_time_spent double precision);
create function public.getnumberofclicks(p_url text, p_country text) returns TABLE(url text, country text, number_of_clicks bigint);
create function public.getnumberofclicks(p_url text, p_country text, p_from timestamp with time zone, p_to timestamp with time zone, p_job text DEFAULT NULL::text) returns TABLE(url text, country text, number_of_clicks bigint);
create function public.getnumberofuniqueusers(p_url text, p_country text) returns TABLE(url text, country text, number_of_unique_users bigint);
create function public.getnumberofuniqueusers(p_url text, p_country text, p_from timestamp with time zone, p_to timestamp with time zone, p_job text DEFAULT NULL::text) returns TABLE(url text, country text, number_of_unique_users bigint);
create function weir.average_seconds(sum_ms numeric, samples numeric) returns double precision;
create function weir.click_group(url text, country text) returns bytea;
create function weir.clicks_job(p_job text) returns text;
create function weir.clicks_on(p_url text, p_country text, p_from timestamp with time zone, p_to timestamp with time zone, p_job text) returns TABLE(clicks bigint, unique_users bigint, average_time_spent double precision);
create function weir.ensure_sessions_month(month date) returns void;
create function weir.has_sessions_month(name text) returns boolean;
create function weir.instant(ms bigint) returns timestamp with time zone;
create function weir.millis(at timestamp with time zone) returns bigint;
create function weir.null_safe(value text) returns text;
create procedure public.getaveragetimespent(IN p_url text, IN p_country text, INOUT p_result refcursor);
create procedure public.getnumberofclicks(IN p_url text, IN p_country text, INOUT p_result refcursor);
create procedure public.getnumberofuniqueusers(IN p_url text, IN p_country text, INOUT p_result refcursor);
