/** The sessions pipeline on real servers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { uniqueName, Weir } from '../support/weir.js';

const LOG = join(import.meta.dirname, '../../../shared/data/apache_logs.log');
const there = existsSync(LOG);
if (!there) console.log(`skipped, since ${LOG} is absent: sessions of the access log`);

describe('sessions', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  async function sessionsOf(job: string): Promise<{ sessions: number; events: number }> {
    const { rows } = await weir.pool.query(
      'select count(*) as sessions, coalesce(sum(event_count), 0)::bigint as events from user_sessions where job = $1',
      [job],
    );
    return rows[0] as { sessions: number; events: number };
  }

  it.skipIf(!there)('of the access log, one partition: 3,052 with 9,999 events', async () => {
    const topic = uniqueName('access-log');
    await weir.weir('import', LOG, '--topic', topic, '--host', 'www.example.com');
    const name = uniqueName('sessions');
    await weir.startByCli(name, { pipeline: 'sessions', topic });
    await weir.committed(name, 10_000);
    await weir.drain(name);
    expect(await sessionsOf(name)).toEqual({ sessions: 3052, events: 9999 });
  });
});
