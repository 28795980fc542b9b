import { workflowInfo } from '@temporalio/workflow';
import type { Instant } from '../domain/instant.js';

/** Bounds what a run of a partition can lose, and how long its history gets. */
const LONGEST_RUN_MS = 3_600_000;
const CONTINUE_AT = 0.8;
/** Partitions that started together do not continue as new together. */
const SPREAD = 0.1;

/** When this run continues as new at the latest: at 80 % of its run timeout (of an hour, where it has none), or up to a tenth before. */
export function deadline(partition = 0): Instant {
  const { startTime, runTimeoutMs } = workflowInfo();
  const share = CONTINUE_AT - SPREAD * ((partition % 16) / 16);
  return startTime.getTime() + share * (runTimeoutMs || LONGEST_RUN_MS);
}

/** The run time-out of a job's partitions: an hour, or the job's own where somebody gave it a shorter one. */
export function memberRunTimeoutMs(): number {
  return Math.min(workflowInfo().runTimeoutMs || LONGEST_RUN_MS, LONGEST_RUN_MS);
}
