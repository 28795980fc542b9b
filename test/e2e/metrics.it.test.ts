/** A running worker's metrics: of a job that has everything, each says what it means, and dashboard and alerts know no other names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { freePort, scrape, valueOf, type Scrape } from '../support/scrape.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const START = Date.UTC(2026, 0, 1);

describe('the metrics of a worker', () => {
  let weir: Weir;
  let port: number;
  let name: string;
  let topic: string;
  let seen: Scrape;

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    port = await freePort();
    await weir.startWorker(1, { METRICS_ADDRESS: `:${port}` });
    topic = await weir.topic(1, [
      ...Array.from({ length: 10 }, (_, i) => hit({ time: START + i * 60_000, host: `${i % 2}.example` })),
      hit({ time: START }),
      { key: null, value: 'no json' },
      { key: null, value: '{"event_time":17}' },
    ]);
    name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic, size: '1m', delay: '0s', idle: 'off' });
    await weir.committed(name, 13);
    seen = await eventually('the commit to be shown', async () => {
      const found = await scrape(port);
      return valueOf(found, 'weir_committed_offset', { job_name: name }) === 13 && found;
    });
  });
  afterAll(() => weir.close());

  it('count what was read, late and rejected, by reason', () => {
    console.log(
      JSON.stringify(
        seen.samples.filter(({ name }) => !name.includes('bucket')),
        null,
        0,
      ),
    );
    expect(valueOf(seen, 'weir_records_read_total', { job_name: name })).toBe(13);
  });
});
