/** A job of clicks in Postgres without Temporal: events in, rows out by way of polls' decoding, the state and the sink. */
import type pg from 'pg';
import { clickFactColumns } from '../../src/activities/clicksRows.js';
import { Partition } from '../../src/cli/run/partition.js';
import type { Random } from '../../src/cli/generate/random.js';
import { addCounters, NO_RECORDS, type Counters } from '../../src/domain/accounting.js';
import { clicksStatement } from '../../src/io/postgres/clicks.js';
import { commit } from '../../src/io/postgres/commit.js';
import { claim } from '../../src/io/postgres/claim.js';
import { registerJob } from '../../src/io/postgres/registerJob.js';
import type { ClicksJob } from '../../src/pipelines/job.js';
import { parseJobInput } from '../../src/pipelines/jobInput.js';
import type { PackedClicks } from '../../src/pipelines/clicks/operator.js';
import { packRows, type JobRow } from '../../src/pipelines/operators.js';
import { asJson } from './progressTable.js';

export function clicksJob(input: object = {}): ClicksJob {
  return parseJobInput({ pipeline: 'clicks', ...input }, 'clickstream') as ClicksJob;
}

export interface ClicksRun {
  name: string;
  job: ClicksJob;
  /** Values of records, by partition, in the order of the log. */
  partitions: readonly (readonly object[])[];
  /** Where batches are cut; left out: nowhere. */
  random?: Random;
}

const BATCH_ENDS = 0.1;

/** Reads everything, drains, and commits each partition. Returns the counters of all together. */
export async function writeClicks(pool: pg.Pool, run: ClicksRun): Promise<Counters> {
  const { name, job, partitions, random } = run;
  await registerJob(pool, {
    name,
    pipeline: job.pipeline,
    config: job,
    partitions: partitions.map((_, partition) => ({ partition, startOffset: 0 })),
    targets: [],
    admit: () => {},
  });
  const read = partitions.map((values) => {
    const partition = new Partition(job, { readAgent: () => NO_AGENT });
    const rows: JobRow[] = [];
    for (const value of values) {
      if (random !== undefined && random.share() < BATCH_ENDS) rows.push(...partition.endBatch());
      partition.add({ partition: 0, offset: null, timestampMs: null, value: JSON.stringify(value) });
    }
    rows.push(...partition.endBatch());
    return { partition, rows };
  });
  const end = Math.max(...read.map(({ partition }) => partition.lastEnd ?? 0));
  let counters: Counters = NO_RECORDS;
  for (const [number, { partition, rows }] of read.entries()) {
    rows.push(...partition.finish(end));
    const key = { job: name, partition: number, epoch: 0 };
    await claim(pool, key, { owner: 'test' });
    const packed = asJson(packRows(job, rows)) as PackedClicks | null;
    const statement = packed === null ? null : clicksStatement(clickFactColumns(packed));
    const request = {
      ...key,
      owner: 'test',
      topic: job.topic,
      results: 'clicks' as const,
      commit: {
        expects: 0,
        offset: partitions[number]!.length,
        watermark: end,
        rebuildFrom: 0,
        counters: partition.counters,
        advances: [],
        caughtUpSince: null,
        endsUntil: null,
        rows: null,
        rejects: [],
      },
    };
    await commit(pool, request, statement);
    counters = addCounters(counters, partition.counters);
  }
  return counters;
}

const NO_AGENT = { browser: null, os: null, device: null, isBot: false };
