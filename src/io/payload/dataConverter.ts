import { ExternalStorage, type DataConverter } from '@temporalio/common';

import type { Queryable } from '../postgres/pool.js';
import { brotliCodec, isCompressed } from './codec.js';
import { postgresStorage } from './postgresStorage.js';

/** After compression. Batches stay far below it, and Temporal takes payloads of up to 2 MiB. */
export const STORED_FROM_BYTES = 1024 * 1024;

/**
 * How payloads travel, for everything that talks to Temporal (worker, clients, replay): compressed ({@link brotliCodec}), and from
 * {@link STORED_FROM_BYTES} on in `weir.payload`, history holding a reference.
 */
export function dataConverter(db: Queryable): DataConverter {
  const storage = postgresStorage(db);
  return {
    payloadCodecs: [brotliCodec()],
    externalStorage: new ExternalStorage({
      drivers: [storage],
      payloadSizeThreshold: STORED_FROM_BYTES,
      // What the codec leaves alone at this size is an argument of a local activity: it never leaves the process.
      driverSelector: (_, payload) => (isCompressed(payload) ? storage : null),
    }),
  };
}
