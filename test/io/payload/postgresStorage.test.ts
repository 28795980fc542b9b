import { createHash, randomBytes } from 'node:crypto';

import { StorageDriverClaim, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { beforeEach, describe, expect, it } from 'vitest';

import { postgresStorage } from '../../../src/io/payload/postgresStorage.js';
import { PayloadTable } from '../../support/payloadTable.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const payload = (data: Uint8Array): Payload => ({
  metadata: { encoding: Buffer.from('binary/brotli') },
  data,
});
const input = {
  target: { kind: 'workflow', namespace: 'default', id: 'hits/0', type: 'partition' },
} as const;
const inRun = { target: { ...input.target, runId: 'run-1' } } as const;

describe('the storage driver', () => {
  let table: PayloadTable;
  let storage: ReturnType<typeof postgresStorage>;
  beforeEach(() => {
    table = new PayloadTable();
    storage = postgresStorage(table.db);
  });

  it('gives back what was stored, in the order of the claims', async () => {
    const payloads = [payload(randomBytes(1000)), payload(randomBytes(2000)), payload(randomBytes(10))];
    const [a, b, c] = await storage.store(input, payloads);
    const retrieved = await storage.retrieve({}, [c!, a!, b!]);
    expect(retrieved.map((each) => Buffer.from(each.data!))).toEqual(
      [payloads[2], payloads[0], payloads[1]].map((each) => each!.data),
    );
    expect(Buffer.from(retrieved[0]!.metadata!['encoding']!).toString()).toBe('binary/brotli');
  });

  it('names a payload by the SHA-256 of the whole payload', async () => {
    const one = payload(Buffer.from('state'));
    const [claim] = await storage.store(input, [one]);
    const id = createHash('sha256').update(PayloadMessage.encode(one).finish()).digest('hex');
    expect(claim!.claimData).toEqual({ id });
    expect([...table.rows.keys()]).toEqual([id]);
  });

  it('stores the same payload once', async () => {
    const one = payload(randomBytes(1000));
    const first = await storage.store(input, [one]);
    const again = await storage.store(input, [one]);
    expect(again).toEqual(first);
    expect(table.rows.size).toBe(1);
    expect(table.stores).toBe(2);
  });

  it('notes whose it is: an input has a workflow and no run', async () => {
    await storage.store(input, [payload(Buffer.from('input'))]);
    await storage.store(inRun, [payload(Buffer.from('argument'))]);
    await storage.store({}, [payload(Buffer.from('nobody'))]);
    await storage.store({ target: { kind: 'activity', namespace: 'default', id: 'hits/0' } }, [
      payload(Buffer.from('of an activity')),
    ]);
    expect([...table.rows.values()].map(({ workflowId, runId }) => [workflowId, runId])).toEqual([
      ['hits/0', null],
      ['hits/0', 'run-1'],
      [null, null],
      [null, null],
    ]);
  });

  it('says what to do when a payload is gone', async () => {
    const [claim] = await storage.store(input, [payload(randomBytes(10))]);
    const gone = new StorageDriverClaim({ id: 'ab'.repeat(32) });
    await expect(storage.retrieve({}, [claim!, gone])).rejects.toThrow(
      /^The payload abab.* is not in weir.payload any more. Terminate the workflow/,
    );
  });

  it('passes on why the database cannot be asked', async () => {
    table.failure = new Error('connect ECONNREFUSED');
    await expect(storage.store(input, [payload(randomBytes(10))])).rejects.toThrow('ECONNREFUSED');
    await expect(storage.retrieve({}, [new StorageDriverClaim({ id: 'ab' })])).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});
