/** Asks Postgres, Kafka and Temporal. Whichever of them is away leaves gaps, which are told. */
import { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type pg from 'pg';
import { memberId, memberOf, type Stage } from '../../domain/member.js';
import { internalTopic } from '../../io/kafka/internalTopic.js';
import { createTopicAdmin, type TopicAdmin } from '../../io/kafka/topics.js';
import { dataConverter } from '../../io/payload/dataConverter.js';
import { jobProgress, type PartitionProgress } from '../../io/postgres/jobProgress.js';
import { listJobs, type StoredJob } from '../../io/postgres/listJobs.js';
import { answering, createPool } from '../../io/postgres/pool.js';
import type { Config } from '../../worker/config.js';
import { UsageError } from '../options.js';
import { asked, described, type Answer, type Described } from './live.js';
import { ageAt, endOffsets } from './log.js';
import { statusOfPartition, type Known } from './merge.js';
import type { JobStatus, PartitionStatus } from './types.js';

/** So many workflows are asked at a time. */
const AT_A_TIME = 20;
const CONNECT_MS = 5000;

type Warn = (sentence: string) => void;

interface Sources {
  config: Config;
  pool: pg.Pool;
  topics: TopicAdmin;
  /** null: Temporal does not answer. */
  temporal: Client | null;
  warn: Warn;
}

/** A job as the database knows it; without the database only its name is known. */
interface KnownJob extends Pick<JobStatus, 'name' | 'pipeline' | 'topic' | 'epoch' | 'line'> {
  members: { stage: Stage; partition: number; progress: PartitionProgress | null }[];
}

/**
 * Where all jobs stand, or the one of that name.
 * @throws UsageError where there is none
 */
export async function gather(config: Config, name: string | undefined, warn: Warn): Promise<JobStatus[]> {
  const pool = createPool(config.postgres, 4);
  const topics = createTopicAdmin(config.kafka);
  const temporal = await connect(config.temporal, pool, warn);
  const sources = { config, pool, topics, temporal, warn };
  try {
    const jobs = await knownJobs(sources, name);
    if (jobs.length === 0)
      throw new UsageError([name === undefined ? 'no job was ever started' : `there is no job ${name}`]);
    const statuses: JobStatus[] = [];
    for (const job of jobs) statuses.push(await statusOfJob(sources, job));
    return statuses;
  } finally {
    await Promise.all([pool.end(), topics.close(), temporal?.connection.close()]);
  }
}

async function connect(
  { connectionOptions, namespace = 'default' }: ClientConnectConfig,
  pool: pg.Pool,
  warn: Warn,
): Promise<Client | null> {
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_MS });
    return new Client({ connection, namespace, dataConverter: dataConverter(pool) });
  } catch (error) {
    const address = connectionOptions.address ?? 'localhost:7233';
    warn(`Temporal at ${address} does not answer (${(error as Error).message}): shown is what is committed`);
    return null;
  }
}

async function knownJobs(sources: Sources, name: string | undefined): Promise<KnownJob[]> {
  const { pool, config, temporal, warn } = sources;
  const isMeant = (job: { name: string }): boolean => name === undefined || job.name === name;
  try {
    const stored = await answering(config.postgres, () => listJobs(pool));
    return await Promise.all(stored.filter(isMeant).map(async (job) => withMembers(pool, job)));
  } catch (error) {
    if (temporal === null) throw error;
    warn(`${(error as Error).message}: shown is what Temporal knows of jobs that run`);
    return (await runningJobs(temporal)).filter(isMeant);
  }
}

async function withMembers(pool: pg.Pool, job: StoredJob): Promise<KnownJob> {
  const progress = await jobProgress(pool, { job: job.name, epoch: job.epoch });
  const members = progress.map((each) => ({
    stage: each.stage,
    partition: each.partition,
    progress: each,
  }));
  return { ...job, members };
}

async function runningJobs({ workflow }: Client): Promise<KnownJob[]> {
  const idsOf = async (type: string): Promise<string[]> => {
    const query = `WorkflowType = "${type}" AND ExecutionStatus = "Running"`;
    const ids: string[] = [];
    for await (const { workflowId } of workflow.list({ query })) ids.push(workflowId);
    return ids.sort();
  };
  const members = (await idsOf('partition')).map(memberOf);
  return (await idsOf('pipeline')).map((name) => ({
    name,
    pipeline: null,
    topic: null,
    epoch: null,
    line: null,
    members: members
      .flatMap((each) =>
        each?.job === name ? [{ stage: each.stage, partition: each.partition, progress: null }] : [],
      )
      .sort((a, b) => a.stage - b.stage || a.partition - b.partition),
  }));
}

async function statusOfJob(sources: Sources, job: KnownJob): Promise<JobStatus> {
  const { name, members, line } = job;
  // Before the workflows: what has come since does not count as lag.
  const early = job.topic === null ? null : await endsOf(sources, job, job);
  const [ofJob, ...ofMembers] = await askTemporal(sources, [
    name,
    ...members.map(({ stage, partition }) => memberId(name, stage, partition)),
  ]);
  const pipeline = job.pipeline ?? ofJob?.answer?.pipeline ?? null;
  const topic = job.topic ?? ofJob?.answer?.topic ?? null;
  const epoch = job.epoch ?? ofMembers[0]?.answer?.epoch ?? null;
  const ends = early ?? (await endsOf(sources, job, { topic, epoch }));
  const partitions = members.map((member, i) => {
    const { described: is = null, answer = null } = ofMembers[i] ?? {};
    // A replay has begun meanwhile: offsets of another epoch say nothing of this one.
    const isOfOtherEpoch = answer !== null && answer.epoch !== null && answer.epoch !== epoch;
    const known: Known = {
      ...member,
      described: is,
      answer: isOfOtherEpoch ? null : answer,
      isOfOtherEpoch,
      endOffset: ends[member.stage].offsets.get(member.partition) ?? null,
    };
    return statusOfPartition(known, Date.now());
  });
  const { described: is = null, answer = null } = ofJob ?? {};
  return {
    name,
    pipeline,
    topic,
    epoch,
    state: is === null || is.status !== 'running' ? (is?.status ?? null) : (answer?.phase ?? 'no worker'),
    line,
    trouble: answer?.trouble ?? null,
    error: is?.error ?? null,
    partitions: await inGroups(partitions, async (each) => withAge(sources, each, ends[each.stage].topic)),
  };
}

interface Ends {
  topic: string | null;
  offsets: Map<number, number>;
}

/** Of the job's topic, and of the internal one where there are targets. */
async function endsOf(
  { topics, warn }: Sources,
  { name, members }: KnownJob,
  { topic, epoch }: Pick<JobStatus, 'topic' | 'epoch'>,
): Promise<Record<Stage, Ends>> {
  const isRegrouped = epoch !== null && members.some(({ stage }) => stage === 2);
  const of = async (each: string | null): Promise<Ends> => ({
    topic: each,
    offsets: each === null ? new Map() : await endOffsets(topics, each, warn),
  });
  return { 1: await of(topic), 2: await of(isRegrouped ? internalTopic(name, epoch) : null) };
}

async function withAge(
  { config: { kafka } }: Sources,
  status: PartitionStatus,
  topic: string | null,
): Promise<PartitionStatus> {
  const { partition, lag, readOffset } = status;
  if (topic === null || !lag || readOffset === null) return status;
  return { ...status, lagMs: await ageAt({ ...kafka, topic, partition }, readOffset, Date.now) };
}

interface Told {
  described: Described;
  answer: Answer | null;
}

/** In the order of `ids`; empty where Temporal does not answer. Workflows are not asked any more when the first says nothing: there is no worker. */
async function askTemporal({ temporal, warn }: Sources, ids: string[]): Promise<(Told | undefined)[]> {
  if (temporal === null) return [];
  try {
    const all = await inGroups(ids, async (id) => ({ id, described: await described(temporal, id) }));
    const running = all.filter(({ described: { status } }) => status === 'running');
    const answers = new Map<string, Answer | null>();
    const ask = async ({ id }: { id: string }): Promise<unknown> =>
      answers.set(id, await asked(temporal, id));
    await inGroups(running.slice(0, 1), ask);
    const first = running[0];
    if (first && (answers.get(first.id) || first.described.error)) await inGroups(running.slice(1), ask);
    return all.map(({ id, described: is }) => ({ described: is, answer: answers.get(id) ?? null }));
  } catch (error) {
    warn(`Temporal does not answer (${(error as Error).message}): shown is what is committed`);
    return [];
  }
}

async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME)
    results.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map(work))));
  return results;
}
