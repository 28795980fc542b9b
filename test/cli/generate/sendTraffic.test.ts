import { describe, expect, it } from 'vitest';
import { sendTraffic } from '../../../src/cli/generate/sendTraffic.js';
import { generateTraffic, PLAIN_TRAFFIC } from '../../../src/cli/generate/traffic.js';
import { memoryOutput } from '../support/memoryOutput.js';

const endless = { ...PLAIN_TRAFFIC, events: Infinity, time: { startMs: 0, perSecond: 50 } };
const onProgress = (): void => undefined;

describe('sendTraffic', () => {
  it.each([undefined, 50_000])(
    'sends all in order and counts them, at a pace of %s',
    async (ratePerSecond) => {
      const options = { ...endless, events: 9_000, late: 0.1, malformed: 0.1, duplicates: 0.1 };
      const output = memoryOutput();
      const counts = await sendTraffic({
        records: generateTraffic(options),
        output,
        ratePerSecond,
        stop: new AbortController().signal,
        onProgress,
      });
      expect(output.records).toEqual([...generateTraffic(options)]);
      const { total, regular, late, malformed, duplicate } = counts;
      expect(total).toBe(9_000);
      expect(regular + late + malformed + duplicate).toBe(9_000);
      expect(late).toBe(
        output.records.filter((record) => (record as { kind?: string }).kind === 'late').length,
      );
    },
  );

  it('sends no more than the pace has reached', async () => {
    const output = memoryOutput();
    const stop = new AbortController();
    const start = performance.now();
    await sendTraffic({
      records: generateTraffic(endless),
      output,
      ratePerSecond: 100,
      stop: stop.signal,
      onProgress: ({ total }) => {
        expect(total).toBeLessThanOrEqual(((performance.now() - start) * 100) / 1000 + 1);
        if (total >= 10) stop.abort();
      },
    });
    expect(output.records.length).toBeGreaterThanOrEqual(10);
  });

  it('ends early when told to', async () => {
    const stop = new AbortController();
    stop.abort();
    const job = { records: generateTraffic(endless), output: memoryOutput(), ratePerSecond: undefined };
    expect(await sendTraffic({ ...job, stop: stop.signal, onProgress })).toMatchObject({ total: 0 });
  });
});
