import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { PipelineResult } from '../src/workflows/messages.js';
import type { World } from './world.js';

/** How a partition stands in `weir.progress`. */
export interface Committed {
  /** 2: a target of a regrouping. */
  stage: number;
  partition: number;
  /** Commits so far. */
  number: number;
  offset: number;
  /** When the last commit was made, epoch ms. */
  at: number;
}

export interface RunningJob {
  name: string;
  committed(): Promise<Committed[]>;
  /** Resolves with the last look when `done` says so of it; rejects when that takes too long. */
  until(
    done: (partitions: Committed[]) => boolean,
    limit: { ms: number; what: string },
  ): Promise<Committed[]>;
  /** Drains it, and returns sentences about counters that are not those of a topic of which every record counts, but for so many duplicates. */
  drain(duplicates?: number): Promise<string[]>;
}

const LOOK_EVERY_MS = 25;
const DRAIN_LIMIT_MS = 60_000;

/** Starts a job, as a person would. */
export async function startJob(
  world: World,
  name: string,
  input: Record<string, unknown>,
): Promise<RunningJob> {
  const { client, db } = world;
  const handle: WorkflowHandle = await client.workflow.start('pipeline', {
    workflowId: name,
    taskQueue: 'weir',
    args: [input],
  });
  const committed = async (): Promise<Committed[]> => {
    const { rows } = await db.query<Committed>({
      name: 'bench-committed',
      text: `select stage, partition, number, "offset", (extract(epoch from updated_at) * 1000)::float8 as at
             from weir.progress where job = $1 order by stage, partition`,
      values: [name],
    });
    return rows;
  };
  return {
    name,
    committed,
    async until(done, { ms, what }) {
      for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(LOOK_EVERY_MS)) {
        const partitions = await committed();
        if (done(partitions)) return partitions;
      }
      throw new Error(`waited ${ms / 1000} s in vain for ${what}: ${JSON.stringify(await committed())}`);
    },
    async drain(duplicates = 0) {
      await handle.executeUpdate('drain');
      const drained = handle.result() as Promise<PipelineResult>;
      const { total } = await Promise.race([drained, failAfter(DRAIN_LIMIT_MS, `job ${name} to drain`)]);
      const whole =
        total.accepted === total.read - duplicates && total.duplicate === duplicates && total.skipped === 0;
      return whole
        ? []
        : [
            `job ${name}: not every record was accepted, but for ${duplicates} duplicates: ${JSON.stringify(total)}`,
          ];
    },
  };
}

async function failAfter(ms: number, what: string): Promise<never> {
  await sleep(ms, undefined, { ref: false });
  throw new Error(`waited ${ms / 1000} s in vain for ${what}`);
}
