-- Up Migration

-- A text, or none, so that several behind each other can be told apart, as src/io/postgres/nullSafe.ts writes it.
create function weir.null_safe(value text) returns text
  language sql immutable parallel safe
  return coalesce('=' || octet_length(convert_to(value, 'UTF8')) || ':' || value, '-');

-- What group_hash of weir.clicks is: a URL may be longer than an index entry.
create function weir.click_group(url text, country text) returns bytea
  language sql immutable parallel safe
  return sha256(convert_to(weir.null_safe(url) || weir.null_safe(country), 'UTF8'));

-- Facts of one partition, and who was there: all users of the bucket, URL and country, each once. A list and not a row for each, so that a
-- row is a whole value: written again with fewer users, none are left over. Collation "C": comparing bytes is cheap.
create table weir.clicks (
  job           text not null,
  partition     integer not null,
  bucket_start  timestamptz not null,
  bucket_end    timestamptz not null,
  -- Bucket end + gap: until then a click in it could still be followed by another one of its user.
  final_at      timestamptz not null,
  group_hash    bytea not null,
  url           text collate "C",
  country       text collate "C",
  clicks        bigint not null,
  samples       bigint not null,
  time_spent_ms bigint not null,
  users         text[] collate "C" not null,
  epoch         integer not null,
  primary key (job, group_hash, bucket_start, partition)
);

-- Rows come in the order of their buckets, nearly: so a range of time is a range of pages.
create index clicks_bucket on weir.clicks using brin (bucket_start);

-- Facts are shown when they are final for the whole job: then they never change.
create view weir.final_clicks as
  select c.*
  from weir.clicks c
  join weir.line l on l.job = c.job and c.final_at <= l.line;

-- A row for each user, and one for the clicks of nobody; facts stand in the first only, so that they can be summed.
create view weir.click_users as
  select c.job, c.partition, c.bucket_start, c.group_hash, c.url, c.country, u.user_id,
         case when u.first then c.clicks else 0 end as clicks,
         case when u.first then c.samples else 0 end as samples,
         case when u.first then c.time_spent_ms else 0 end as time_spent_ms
  from weir.final_clicks c
  cross join lateral (
    select null as user_id, true as first where cardinality(c.users) = 0
    union all
    select each.user_id, each.n = 1 from unnest(c.users) with ordinality as each (user_id, n)
  ) as u;

-- In seconds, over samples; NULL without any.
create function weir.average_seconds(sum_ms numeric, samples numeric) returns double precision
  language sql immutable parallel safe
  return sum_ms::double precision / nullif(samples, 0)::double precision / 1000;

create view public.aggregated_clickstream as
  select url, country, sum(clicks)::bigint as number_of_clicks, count(distinct user_id) as number_of_unique_users,
         weir.average_seconds(sum(time_spent_ms), sum(samples)) as average_time_spent, job
  from weir.click_users
  group by job, group_hash, url, country;

-- The job that is meant: the one that is named, else the setting weir.job of this session, else the only job of clicks. Never several:
-- nothing is summed over jobs.
create function weir.clicks_job(p_job text) returns text
  language plpgsql stable parallel safe as $$
declare
  v_wanted text := coalesce(p_job, nullif(current_setting('weir.job', true), ''));
  v_jobs   text[] := array(select j.name from weir.job j where j.pipeline = 'clicks' order by j.name);
begin
  if v_wanted = any (v_jobs) then return v_wanted; end if;
  if v_wanted is not null then
    raise exception 'there is no job of clicks named %', v_wanted
      using hint = 'Jobs of clicks: ' || coalesce(nullif(array_to_string(v_jobs, ', '), ''), 'none');
  end if;
  if cardinality(v_jobs) = 1 then return v_jobs[1]; end if;
  if cardinality(v_jobs) = 0 then raise exception 'there is no job of clicks'; end if;
  raise exception 'there are several jobs of clicks: %', array_to_string(v_jobs, ', ')
    using hint = 'Say which one: set weir.job = ''…'', or as the argument p_job.';
end $$;

-- The same as the view, of the buckets that start in [p_from, p_to); NULL: from the first, to the last. Of one job.
create function public.aggregated_clickstream(
  p_from timestamptz default null, p_to timestamptz default null, p_job text default null
) returns table (
  url text, country text, number_of_clicks bigint, number_of_unique_users bigint, average_time_spent double precision, job text
)
  language sql stable parallel safe
begin atomic
  select u.url, u.country, sum(u.clicks)::bigint, count(distinct u.user_id), weir.average_seconds(sum(u.time_spent_ms), sum(u.samples)),
         u.job
  from weir.clicks_job(p_job) as wanted (job)
  join weir.click_users u on u.job = wanted.job
  where (p_from is null or u.bucket_start >= p_from) and (p_to is null or u.bucket_start < p_to)
  group by u.job, u.group_hash, u.url, u.country;
end;

-- Of one URL and country: always one row. Arguments are called p_…, as no column is, so that none can be mistaken for the other.
create function weir.clicks_on(p_url text, p_country text, p_from timestamptz, p_to timestamptz, p_job text)
returns table (clicks bigint, unique_users bigint, average_time_spent double precision)
  language sql stable parallel safe
begin atomic
  select coalesce(sum(u.clicks), 0)::bigint, count(distinct u.user_id), weir.average_seconds(sum(u.time_spent_ms), sum(u.samples))
  from weir.clicks_job(p_job) as wanted (job)
  left join weir.click_users u
    on u.job = wanted.job and u.group_hash = weir.click_group(p_url, p_country)
      and (p_from is null or u.bucket_start >= p_from) and (p_to is null or u.bucket_start < p_to);
end;

-- Each as `select * from GetNumberOfClicks('http://…', 'US')`, with two more arguments for a range of time, and one more for the job; and as
-- a procedure, for those who are used to one: `call GetNumberOfClicks('http://…', 'US', 'c'); fetch all from c;` in one transaction. No
-- function takes three: an argument of the function that could be left out would make such a call ambiguous.

create function public.GetNumberOfClicks(p_url text, p_country text, p_from timestamptz, p_to timestamptz, p_job text default null)
returns table (url text, country text, number_of_clicks bigint)
  language sql stable parallel safe
begin atomic
  select p_url, p_country, f.clicks from weir.clicks_on(p_url, p_country, p_from, p_to, p_job) f;
end;

create function public.GetNumberOfClicks(p_url text, p_country text)
returns table (url text, country text, number_of_clicks bigint)
  language sql stable parallel safe
begin atomic
  select f.url, f.country, f.number_of_clicks from public.GetNumberOfClicks(p_url, p_country, null, null) f;
end;

create procedure public.GetNumberOfClicks(p_url text, p_country text, inout p_result refcursor)
  language plpgsql as $$
begin
  open p_result for select f.url, f.country, f.number_of_clicks from public.GetNumberOfClicks(p_url, p_country) f;
end $$;

create function public.GetNumberOfUniqueUsers(p_url text, p_country text, p_from timestamptz, p_to timestamptz, p_job text default null)
returns table (url text, country text, number_of_unique_users bigint)
  language sql stable parallel safe
begin atomic
  select p_url, p_country, f.unique_users from weir.clicks_on(p_url, p_country, p_from, p_to, p_job) f;
end;

create function public.GetNumberOfUniqueUsers(p_url text, p_country text)
returns table (url text, country text, number_of_unique_users bigint)
  language sql stable parallel safe
begin atomic
  select f.url, f.country, f.number_of_unique_users from public.GetNumberOfUniqueUsers(p_url, p_country, null, null) f;
end;

create procedure public.GetNumberOfUniqueUsers(p_url text, p_country text, inout p_result refcursor)
  language plpgsql as $$
begin
  open p_result for select f.url, f.country, f.number_of_unique_users from public.GetNumberOfUniqueUsers(p_url, p_country) f;
end $$;

create function public.GetAverageTimeSpent(p_url text, p_country text, p_from timestamptz, p_to timestamptz, p_job text default null)
returns table (url text, country text, average_time_spent double precision)
  language sql stable parallel safe
begin atomic
  select p_url, p_country, f.average_time_spent from weir.clicks_on(p_url, p_country, p_from, p_to, p_job) f;
end;

create function public.GetAverageTimeSpent(p_url text, p_country text)
returns table (url text, country text, average_time_spent double precision)
  language sql stable parallel safe
begin atomic
  select f.url, f.country, f.average_time_spent from public.GetAverageTimeSpent(p_url, p_country, null, null) f;
end;

create procedure public.GetAverageTimeSpent(p_url text, p_country text, inout p_result refcursor)
  language plpgsql as $$
begin
  open p_result for select f.url, f.country, f.average_time_spent from public.GetAverageTimeSpent(p_url, p_country) f;
end $$;
