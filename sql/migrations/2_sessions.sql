-- Up Migration

-- Visits. Partitioned by month of the start, so that old ones go by dropping a table; partitions are made by weir.ensure_sessions_month.
-- Collation "C": ids and addresses have no order that means anything to people, and comparing bytes costs a third. The start stands in the
-- key before the id, which is made of it: so commits write to one end of the index, and not all over it.
create table public.user_sessions (
  session_id    text collate "C" not null,
  user_id       text collate "C",
  ip            text collate "C",
  session_start timestamptz not null,
  session_end   timestamptz not null,
  window_end    timestamptz not null,
  event_count   bigint not null,
  session_date  date not null,
  country       text,
  state         text,
  city          text,
  os            text,
  browser       text,
  device        text,
  is_logged_in  boolean not null,
  host          text,
  is_bot        boolean not null,
  job           text collate "C" not null,
  partition     integer not null,
  epoch         integer not null,
  primary key (job, session_date, session_start, session_id)
) partition by range (session_date);

create index user_sessions_user on public.user_sessions (user_id, session_start) where user_id is not null;
create index user_sessions_ip on public.user_sessions (ip);

-- Makes the partition for the month that `month` lies in, where it is missing. Attached, not created as a partition: that would wait for
-- all readers, and make them wait. One that was detached is attached again, since rows that have no place could not be written. As its owner,
-- so that workers need no right but to write rows.
create function weir.ensure_sessions_month(month date) returns void
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  first date := date_trunc('month', month);
  name text := 'user_sessions_' || to_char(first, 'YYYY_MM');
begin
  if weir.has_sessions_month(name) then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('weir.user_sessions', 0));
  if weir.has_sessions_month(name) then return; end if;
  execute format('create table if not exists weir.%I (like public.user_sessions including defaults including constraints)', name);
  execute format('alter table public.user_sessions attach partition weir.%I for values from (%L) to (%L)',
                 name, first, (first + interval '1 month')::date);
end $$;

-- Whether the partition of that name is there and attached. Not by to_regclass: who asked it before waiting for the lock would get the same
-- answer again, from a cache.
create function weir.has_sessions_month(name text) returns boolean
  language sql volatile set search_path = pg_catalog -- volatile: it sees what was attached while the lock was waited for
  return exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
                 where i.inhparent = 'public.user_sessions'::regclass
                   and c.relname = name and c.relnamespace = 'weir'::regnamespace);
