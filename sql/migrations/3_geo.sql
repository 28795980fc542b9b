-- Up Migration

-- Places by address, in its canonical form. All null: asked, and nobody knows; asked again when it has become old.
create table weir.geo_cache (
  ip           text collate "C" primary key,
  country      text,
  state        text,
  city         text,
  looked_up_at timestamptz not null
);

-- Addresses to be asked for. spellings: how rows write the address, such as ::ffff:192.0.2.1. asked_at: a lease. A commit that writes
-- rows of an address locks its row here until its end, so that the answer cannot pass it.
create table weir.geo_queue (
  ip         text collate "C" primary key,
  spellings  text[] not null,
  queued_at  timestamptz not null default now(),
  asked_at   timestamptz,
  attempts   integer not null default 0,
  last_error text
);

-- What failed goes behind what was never tried.
create index geo_queue_next on weir.geo_queue (attempts, queued_at, ip);

-- Requests to the service by UTC day, counted before they are sent.
create table weir.geo_budget (
  day      date primary key,
  requests bigint not null
);

-- What answered, by UTC day: private (no public address), memory, cache, mmdb, unknown.
create table weir.geo_lookups (
  day     date not null,
  source  text not null,
  lookups bigint not null,
  primary key (day, source)
);
