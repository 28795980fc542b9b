import { createHash } from 'node:crypto';

import { StorageDriverClaim, type Payload, type StorageDriver } from '@temporalio/common';
import proto from '@temporalio/proto';

import { fetchPayloads } from '../postgres/fetchPayloads.js';
import type { Queryable } from '../postgres/pool.js';
import { storePayload } from '../postgres/storePayload.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** Stands in every reference: a worker finds the driver by it. */
export const DRIVER = 'weir-pg';

/** A payload that a run needs is not in `weir.payload`. */
class PayloadGone extends Error {
  constructor(id: string) {
    super(
      `The payload ${id} is not in weir.payload any more. Terminate the workflow that needs it: a partition is started again by its job, ` +
        'and reads what was open from the log',
    );
    this.name = 'PayloadGone';
  }
}

/**
 * Temporal's external storage in `weir.payload`. The claim is `{id}`, the SHA-256 (hex) of the whole payload as protobuf, so the same
 * payload is stored once. Retrieving rejects with {@link PayloadGone}; everything else that fails is Postgres' own error. Either way the
 * workflow task or activity attempt fails, and Temporal tries it again.
 */
export function postgresStorage(db: Queryable): StorageDriver {
  return {
    name: DRIVER,
    type: DRIVER,
    store: ({ target }, payloads) =>
      Promise.all(
        payloads.map(async (payload) => {
          const data = PayloadMessage.encode(payload).finish();
          const id = createHash('sha256').update(data).digest();
          // Of an activity outside of workflows nothing is known that could be told apart from a workflow's id.
          const { id: workflowId, runId } = target?.kind === 'workflow' ? target : {};
          await storePayload(db, { id, workflowId: workflowId ?? null, runId: runId ?? null, data });
          return new StorageDriverClaim({ id: id.toString('hex') });
        }),
      ),
    retrieve: async (_, claims) => {
      const ids = claims.map(({ claimData }) => claimData['id'] ?? '');
      const found = await fetchPayloads(db, ids);
      return ids.map((id): Payload => {
        const data = found.get(id);
        if (data === undefined) throw new PayloadGone(id);
        return PayloadMessage.decode(data);
      });
    },
  };
}
