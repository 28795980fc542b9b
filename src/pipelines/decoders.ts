/** How a pipeline's records are read: the poll's side, with everything that workflows must not import. */
import type { Decoded } from '../domain/fold.js';
import { decodeHit } from './hits/event.js';
import type { Job } from './job.js';
import type { JobItem } from './operators.js';

export const decoders: Record<Job['pipeline'], (value: string | null) => Decoded<JobItem>> = {
  hits: decodeHit,
};
