import type { Stage } from '../../domain/member.js';

/** Names one row of `weir.progress`. */
export interface PartitionKey {
  job: string;
  /** Left out: 1. */
  stage?: Stage;
  epoch: number;
  partition: number;
}
