/** Which operator a job needs. Workflows import this file: no event schema, no user-agent library here. */
import type { Operator } from '../domain/operator.js';
import { hitsOperator } from './hits/operator.js';
import type { Hit, HitCountsJson, HitRow } from './hits/counts.js';
import type { JobIdentity } from './job.js';

/** What polls return and runs carry, whatever the pipeline. */
export type JobPartial = HitCountsJson;
export type JobRow = HitRow;
export type JobItem = Hit;

export function operatorOf(job: JobIdentity): Operator<JobItem, JobPartial, JobRow> {
  return hitsOperator(job);
}
