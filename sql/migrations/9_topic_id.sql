-- Up Migration

-- The id of the topic that the job reads, as Kafka's tools write it: a topic that is deleted and made again by the same name has another
-- one. Null where it is not known: of a job that was started before this column, or over brokers that give none (before Kafka 2.8). The
-- next start enters it.
alter table weir.job add column topic_id text;
