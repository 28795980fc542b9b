/** Which payloads go to weir.payload: what the SDK asks is a size, after the codec, and then the selector. */
import { randomBytes } from 'node:crypto';

import type { Payload, SerializationContext } from '@temporalio/common';
import { ExternalStorageRunner } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { beforeEach, describe, expect, it } from 'vitest';

import { dataConverter, STORED_FROM_BYTES } from '../../../src/io/payload/dataConverter.js';
import { referenceOf } from '../../../src/io/payload/reference.js';
import { PayloadTable } from '../../support/payloadTable.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const workflow: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'hits/0' };
const activity: SerializationContext = { type: 'activity', namespace: 'default', isLocal: false };
const local: SerializationContext = { type: 'activity', namespace: 'default', isLocal: true };

const json = (text: string): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(text),
});
/** Text of which compression leaves about half. */
const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const sizeOf = (payload: Payload) => PayloadMessage.encode(payload).finish().length;

describe('external storage', () => {
  let table: PayloadTable;
  let send: (payload: Payload, context: SerializationContext) => Promise<Payload>;
  let receive: (payload: Payload) => Promise<Payload>;

  beforeEach(() => {
    table = new PayloadTable();
    const { payloadCodecs, externalStorage } = dataConverter(table.db);
    const runner = new ExternalStorageRunner(externalStorage!);
    const [codec] = payloadCodecs!;
    send = async (payload, context) => (await runner.store(await codec!.encode([payload], context)))[0]!;
    receive = async (payload) => (await codec!.decode(await runner.retrieve([payload])))[0]!;
  });

  it('takes what is large after compression, and gives it back', async () => {
    const state = json(hex(1_200_000));
    const sent = await send(state, workflow);
    expect(referenceOf(sent)).toEqual({
      driverName: 'weir-pg',
      claimData: { id: [...table.rows.keys()][0] },
    });
    expect(Buffer.from((await receive(sent)).data!).equals(state.data!)).toBe(true);
  });

  it('leaves what is large only before compression', async () => {
    const sent = await send(json('0'.repeat(20_000_000)), activity);
    expect(referenceOf(sent)).toBeNull();
    expect(table.stores).toBe(0);
  });

  it('leaves arguments of local activities, which never leave the process', async () => {
    const sent = await send(json(hex(5_000_000)), local);
    expect(referenceOf(sent)).toBeNull();
    expect(table.stores).toBe(0);
  });

  it('begins exactly at 1 MiB of the encoded payload', async () => {
    const runner = new ExternalStorageRunner(dataConverter(table.db).externalStorage!);
    const encoded = (size: number): Payload => {
      const metadata = { encoding: Buffer.from('binary/brotli') };
      const without = sizeOf({ metadata, data: Buffer.alloc(size - 100) }) - (size - 100);
      return { metadata, data: Buffer.alloc(size - without) };
    };
    expect(sizeOf(encoded(STORED_FROM_BYTES))).toBe(1024 * 1024);
    expect(referenceOf((await runner.store([encoded(STORED_FROM_BYTES - 1)]))[0]!)).toBeNull();
    expect(referenceOf((await runner.store([encoded(STORED_FROM_BYTES)]))[0]!)).not.toBeNull();
  });
});
