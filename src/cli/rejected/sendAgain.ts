/**
 * Sends rejected records to their topic again, none of them twice. Kafka and Postgres share no transaction, so: claim, send, mark. A run that
 * dies in between leaves records that are claimed and not marked. They are in doubt, and no run sends them by itself.
 */
import { randomUUID } from 'node:crypto';
import type { OutgoingRecord } from '../../io/kafka/writer.js';
import { ResendRefused, type Resender } from '../../io/kafka/resender.js';
import { claimResend, type ClaimedRecord } from '../../io/postgres/claimResend.js';
import { markResent } from '../../io/postgres/markResent.js';
import type { Queryable } from '../../io/postgres/pool.js';
import { releaseResend } from '../../io/postgres/releaseResend.js';
import type { Resendable } from '../../io/postgres/resendPlan.js';

export interface SendAgain {
  /** The session that holds the lock: with it gone, nothing more is claimed. */
  session: Queryable;
  resender: Resender;
  records: readonly Resendable[];
  /** Records in doubt, and no others. */
  again: boolean;
  /** Records keep their time; else they get that of sending. */
  keepTime: boolean;
  /** Asked before each batch. */
  stopped: () => boolean;
}

export interface Outcome {
  sent: number;
  /** Somebody else has claimed them since, or they are not in `weir.rejected` any more. */
  gone: number;
  /** A sentence for each batch that the broker refused. */
  refused: string[];
}

/** Nobody knows whether these records were sent. */
export class InDoubt extends Error {
  override readonly name = 'InDoubt';
}

export async function sendAgain({
  session,
  resender,
  records,
  again,
  keepTime,
  stopped,
}: SendAgain): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, gone: 0, refused: [] };
  const run = randomUUID();
  for (const batch of inBatches(records)) {
    if (stopped()) break;
    const claimed = await claimResend(session, { run, records: batch, again });
    outcome.gone += batch.length - claimed.length;
    if (claimed.length === 0) continue;
    const { topic, partition } = claimed[0]!;
    try {
      const firstOffset = await resender.send(
        topic,
        partition,
        claimed.map((each) => outgoing(each, keepTime)),
      );
      await markResent(session, { run, records: claimed, firstOffset });
      outcome.sent += claimed.length;
    } catch (error) {
      const { message } = error as Error;
      const what = `${counted(claimed.length)} of ${topic}/${partition}, offset ${claimed[0]!.offset} on`;
      if (!(error instanceof ResendRefused)) throw new InDoubt(`${what}: ${message}`, { cause: error });
      outcome.refused.push(`${what}: ${message}`);
      // What was in doubt before remains so.
      if (!again) await releaseResend(session, { run, records: claimed });
    }
  }
  return outcome;
}

export function counted(records: number): string {
  return `${records.toLocaleString('en')} ${records === 1 ? 'record' : 'records'}`;
}

function outgoing({ key, value, stamp }: ClaimedRecord, keepTime: boolean): OutgoingRecord {
  return { key, value, ...(keepTime && stamp >= 0 ? { timestampMs: stamp } : {}) };
}

const MOST_RECORDS = 500;
/** A batch is sent as one, and a broker takes 1 MiB of that by default. */
const MOST_BYTES = 900_000;
const RECORD_OVERHEAD_BYTES = 32;

/** By topic and partition, in the order in which they come. */
export function* inBatches(records: readonly Resendable[]): Generator<Resendable[]> {
  const byPartition = new Map<string, Resendable[]>();
  for (const record of records) {
    const name = `${record.topic}/${record.partition}`;
    const others = byPartition.get(name);
    if (others === undefined) byPartition.set(name, [record]);
    else others.push(record);
  }
  for (const some of byPartition.values()) {
    let batch: Resendable[] = [];
    let bytes = 0;
    for (const record of some) {
      const size = record.bytes + RECORD_OVERHEAD_BYTES;
      if (batch.length > 0 && (batch.length === MOST_RECORDS || bytes + size > MOST_BYTES)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(record);
      bytes += size;
    }
    yield batch;
  }
}
