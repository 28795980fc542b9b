import { createReadStream, existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/cli/generate/random.js';
import { importLog } from '../../../src/cli/import/importLog.js';
import { memoryOutput } from '../support/memoryOutput.js';
import { counts, runOver, type Traced } from './support.js';

const REAL_LOG = new URL('../../../../shared/data/apache_logs.log', import.meta.url);
const SEED = Date.now();

describe.skipIf(!existsSync(REAL_LOG))('a real log (skipped where ../shared/data is absent)', () => {
  let lines: string[];
  let uncut: string[];

  beforeAll(async () => {
    const output = memoryOutput();
    await importLog({ source: createReadStream(REAL_LOG), output, host: 'h', onProgress: () => undefined });
    lines = output.records.map(({ value }) => String(value));
    uncut = await runOver(lines);
  });

  it('gives 1,738 rows of 9,999 hits, rejects the line that is cut off, and finds none late', () => {
    const rows = uncut.slice(0, -1).map((line) => (JSON.parse(line) as Traced).row);
    expect(rows).toHaveLength(1_738);
    expect(rows.reduce((sum, { num_hits }) => sum + num_hits, 0)).toBe(9_999);
    expect(counts(uncut)).toEqual([10_000, 9_999, 0, 0, 1]);
  });

  it(`gives the same bytes in 50 random batch cuts (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 50; round++) {
      const share = random.share() ** 4; // most rounds: batches of ten records and more
      const cut = () => random.share() < share;
      expect((await runOver(lines, { cut })).join('\n') === uncut.join('\n'), `round ${round}`).toBe(true);
    }
  });

  it('gives the same rows and sums over four partitions', async () => {
    const records = lines.map((value, i) => JSON.stringify({ partition: (i * 7) % 4, value }));
    const rows = (output: string[]) =>
      output.slice(0, -1).map((line) => JSON.stringify((JSON.parse(line) as Traced).row));
    const output = await runOver(records, { records: true });
    expect(rows(output)).toEqual(rows(uncut));
    expect(counts(output)).toEqual(counts(uncut));
  });
});
