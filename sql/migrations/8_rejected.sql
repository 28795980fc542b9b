-- Up Migration

-- Records of weir.rejected that were sent to their topic again, or may have been. By the record and not by the row: rows come and go with
-- the epochs of a job, several jobs may reject the same record, and it is sent once all the same. stamp: the record's time in epoch
-- milliseconds, -1 for none, so that the records of a topic that was made anew are others. Claimed before it is sent: where sent_at is
-- missing, a run has died (or is at it), and nobody knows whether the record was sent.
create table weir.resent (
  topic      text not null,
  partition  integer not null,
  "offset"   bigint not null,
  stamp      bigint not null,
  job        text not null,
  run        uuid not null,
  claimed_at timestamptz not null default now(),
  sent_at    timestamptz,
  new_offset bigint,
  primary key (topic, partition, "offset", stamp)
);
