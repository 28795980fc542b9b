/** `weir rejected replay`, held in its middle. */
import { expect } from 'vitest';
import type pg from 'pg';
import { closeGate, makePlace } from '../support/gate.js';
import { hit, uniqueName, type Weir } from '../support/weir.js';
import { moves, type UnderWay } from './underWay.js';

const PARTITIONS = 2;

/** Records of a job that were sent again are about to be noted as sent. */
const resentGate = (job: string): string => `${job} resent`;

/** Makes the place of these gates. */
export async function makeResentGates(pool: pg.Pool): Promise<void> {
  await makePlace(pool, { event: 'before update on weir.resent for each row', gate: `new.job || ' resent'` });
}

/**
 * Records whose clock was wrong, of both partitions, are sent to their topic again, and the command is held when it has sent those of the
 * first: it has not noted so yet.
 */
export async function resendUnderWay(weir: Weir, postgresUrl: string): Promise<UnderWay> {
  const each = 30;
  const base = Date.now() - 7_200_000;
  const records = Array.from({ length: PARTITIONS * 200 }, (_, i) => ({
    ...hit({ time: base + i * 1000 }),
    partition: i % PARTITIONS,
  }));
  // Ten minutes ahead of what Kafka's clock said; when they are sent again, they are not.
  const ahead = Array.from({ length: PARTITIONS * each }, (_, i) => ({
    ...hit({ time: base + 1_200_000 + i * 1000, referrer: `ahead ${i}` }),
    partition: i % PARTITIONS,
    timestampMs: base + 600_000,
  }));
  const topic = await weir.topic(PARTITIONS, [...records, ...ahead]);
  const name = uniqueName('resend');
  await weir.start(name, {
    pipeline: 'hits',
    topic,
    size: '1m',
    delay: '5s',
    idle: 'off',
    maxRejected: 1,
  });
  await weir.committed(name, records.length + ahead.length);
  const gate = await closeGate(weir.pool, postgresUrl, resentGate(name));
  const sending = resendAll(weir, name).catch((error: Error) => error.message);
  await gate.reached();
  const goesOn = await moves(weir, { job: name, partition: 1, commits: 1 });
  return {
    gate,
    goesOn: async () => {
      await sending;
      // Where the first command has died of it, this one sends the rest; else it finds nothing to send.
      await resendAll(weir, name);
      await goesOn();
    },
    check: async () => {
      await weir.committed(name, records.length + 2 * ahead.length);
      expect(await resendAll(weir, name)).toContain('nothing to send');
      await weir.drain(name);
      const rows = await weir.view(name);
      const again = rows.filter(({ referrer }) => referrer !== null);
      expect(again.map(({ referrer }) => String(referrer)).sort()).toEqual(
        ahead.map((_, i) => `ahead ${i}`).sort(),
      );
      expect(again.every(({ num_hits }) => num_hits === 1)).toBe(true);
      expect(await weir.total(name)).toMatchObject({ hits: records.length + ahead.length });
      expect((await weir.progress(name)).map(({ read }) => read)).toEqual([200 + 2 * each, 200 + 2 * each]);
      expect((await weir.rejected(name)).map(({ reason }) => reason)).toEqual(ahead.map(() => 'future'));
      const kept = await weir.pool.query('select from weir.resent where job = $1', [name]);
      expect(kept.rowCount).toBe(ahead.length);
    },
  };
}

function resendAll(weir: Weir, job: string): Promise<string> {
  return weir.weir('rejected', 'replay', '--job', job, '--yes');
}
